"""What is not imported before it is wanted: a start takes as long as its imports."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.kernels.comparing import compiled_only

HEAVY = {"scipy", "numba", "sklearn", "matplotlib", "PIL", "huggingface_hub"}
ANSWER = """
import numpy, minicvt
model = minicvt.models.build("cvt-c8w")
minicvt.predict(model, numpy.ones((1, 8, 8, 1)))
"""


def imported(code: str) -> set[str]:
    """Names of all modules that ``code`` imports in a process of its own."""
    code += "\nimport sys; print(*sys.modules)"
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, encoding="utf-8", check=True
    )
    return set(run.stdout.split())


def test_minicvt_alone_is_numpy_alone():
    assert not HEAVY & imported("import minicvt")


def test_an_answer_with_the_numpy_bodies_needs_no_numba():
    environment = "import os; os.environ['MINICVT_KERNELS'] = 'numpy'\n"
    assert HEAVY & imported(environment + ANSWER) <= {"scipy"}


@pytest.mark.numba
@compiled_only
def test_an_answer_with_kernels_from_the_cache_compiles_nothing():
    """Numba's way to read a kernel imports all that compiling needs, and SciPy."""
    environment = "import os; os.environ['MINICVT_KERNELS'] = 'numba'\n"
    imported(environment + ANSWER)
    found = imported(environment + ANSWER)
    assert "numba" in found
    assert not {"scipy.linalg", "scipy.special", "numba.typed.typedlist"} & found
