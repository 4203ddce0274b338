"""Notebooks that cannot rot: in step, unblemished, and as a fresh run shows them."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest

from tests.notebooks import execution, pairs

every_notebook = pytest.mark.parametrize(
    "stem", pairs.every(), ids=[stem.name for stem in pairs.every()]
)


@every_notebook
def test_pair_is_in_step(stem: Path):
    assert pairs.out_of_step(stem) is None, "make notebooks puts it in step"


@every_notebook
def test_fresh_run_shows_what_is_committed(stem: Path, tmp_path: Path):
    committed = nbformat.read(stem.with_suffix(".ipynb"), as_version=4)
    assert execution.blemishes(committed) == []
    fresh = execution.run(committed, tmp_path)
    assert execution.blemishes(fresh) == []
    assert execution.stale(committed, fresh) == [], "make notebooks refreshes it"


@pytest.mark.slow
@every_notebook
def test_runs_on_the_numpy_kernels(stem: Path, tmp_path: Path):
    committed = nbformat.read(stem.with_suffix(".ipynb"), as_version=4)
    fresh = execution.run(committed, tmp_path, MINICVT_KERNELS="numpy")
    assert execution.blemishes(fresh) == []
