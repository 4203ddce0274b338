"""Before any test: one thread each, reproducible examples, and PyTorch or nothing."""

from __future__ import annotations

import os

import hypothesis
import pytest

# Libraries read these once, when NumPy, Numba or PyTorch is first imported.
for library in ("OPENBLAS", "OMP", "MKL", "NUMBA"):
    os.environ[f"{library}_NUM_THREADS"] = "1"
os.environ["MINICVT_THREADS"] = "1"

hypothesis.settings.register_profile(
    "ci", derandomize=True, deadline=None, max_examples=25
)
hypothesis.settings.register_profile("dev", deadline=None, max_examples=200)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))

WITHOUT_TORCH = """\
PyTorch cannot be imported ({error}), so nothing would be checked against it: no \
operation, no layer, no optimiser, no gradient of theirs. Install it with the rest of \
what the tests need: python -m pip install -e '.[test]'"""


def pytest_configure(config: pytest.Config) -> None:
    """Fail the whole session, loudly, where the oracle is missing."""
    try:
        import torch
    except ImportError as error:
        raise pytest.UsageError(WITHOUT_TORCH.format(error=error)) from error
    torch.set_num_threads(1)
