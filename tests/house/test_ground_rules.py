"""The rules every test runs under: one thread, no warnings, PyTorch or nothing."""

from __future__ import annotations

import os
import subprocess
import sys
import warnings
from pathlib import Path

import hypothesis
import pytest
import torch

from tests.house.tree import ROOT

A_TEST = "tests/house/test_threads.py"


def run_pytest(*arguments: str, before: str = "") -> subprocess.CompletedProcess[str]:
    """Run pytest in a process of its own, after the Python line ``before``."""
    code = f"{before}\nimport pytest, sys; sys.exit(pytest.main(sys.argv[1:]))"
    command = [sys.executable, "-c", code, "-p", "no:cacheprovider", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, encoding="utf-8")


def test_every_library_has_one_thread():
    names = ("OPENBLAS", "OMP", "MKL", "NUMBA")
    assert {os.environ[f"{name}_NUM_THREADS"] for name in names} == {"1"}
    assert torch.get_num_threads() == 1


def test_warnings_are_errors():
    with pytest.raises(UserWarning, match="ours"):
        warnings.warn("ours", stacklevel=1)


def test_examples_are_reproducible():
    profile = os.environ.get("HYPOTHESIS_PROFILE", "ci")
    assert hypothesis.settings.get_profile("ci").derandomize
    assert hypothesis.settings.default.derandomize == (profile == "ci")


def test_without_pytorch_the_session_fails_and_says_what_was_not_checked():
    run = run_pytest(A_TEST, before="import sys; sys.modules['torch'] = None")
    assert run.returncode == pytest.ExitCode.USAGE_ERROR
    assert "PyTorch cannot be imported" in run.stderr
    assert "no gradient" in run.stderr
    assert "python -m pip install -e '.[test]'" in run.stderr
    assert "passed" not in run.stdout


def test_numba_is_hidden_and_its_tests_are_left_out(tmp_path: Path):
    sample = tmp_path / "test_sample.py"
    sample.write_text(
        "import pytest\n"
        "from minicvt import kernels\n"
        "def test_numpy_runs():\n"
        "    assert kernels.active() == 'numpy'\n"
        "    with pytest.raises(ImportError):\n"
        "        import numba\n"
        "@pytest.mark.numba\n"
        "def test_compiled():\n"
        "    assert kernels.active() == 'numba'\n",
        encoding="utf-8",
    )
    settings = ("-c", str(ROOT / "pyproject.toml"), str(sample))
    hidden = run_pytest("-p", "tests.without_numba", *settings)
    assert "numba: hidden" in hidden.stdout
    assert "1 passed, 1 deselected" in hidden.stdout
    seen = run_pytest("-k", "compiled", *settings)
    assert "numba: hidden" not in seen.stdout
    assert "1 passed, 1 deselected" in seen.stdout
