"""Notebooks that cannot rot: in step, unblemished, and as a fresh run shows them."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest

from tests.notebooks import execution, exercises, pairs

every_notebook = pytest.mark.parametrize(
    "stem", pairs.every(), ids=[stem.name for stem in pairs.every()]
)


@every_notebook
def test_pair_is_in_step(stem: Path):
    assert pairs.out_of_step(stem) is None, "make notebooks puts it in step"


@every_notebook
def test_fresh_run_shows_what_is_committed(stem: Path, tmp_path: Path):
    """And its exercises, done right and wrong behind its last cell, are told apart."""
    committed = nbformat.read(stem.with_suffix(".ipynb"), as_version=4)
    assert execution.blemishes(committed) == []
    longer = execution.run(exercises.answered(committed, stem), tmp_path)
    assert execution.blemishes(longer) == []
    fresh = nbformat.from_dict(
        {**longer, "cells": longer.cells[: len(committed.cells)]}
    )
    assert execution.stale(committed, fresh) == [], "make notebooks refreshes it"
    assert exercises.complaints(longer, committed, stem) == []


@every_notebook
def test_has_three_exercises_a_mistake_each_and_eight_questions(stem: Path):
    notebook = nbformat.read(stem.with_suffix(".ipynb"), as_version=4)
    names = exercises.exercises(notebook)
    assert len(set(names)) == len(names) == 3
    assert set(exercises.mistakes(stem)) == set(names)
    page = exercises.questions(stem).read_text(encoding="utf-8")
    assert page.count("<details>") == page.count("</details>") == 8


@pytest.mark.slow
@every_notebook
def test_runs_on_the_numpy_kernels(stem: Path, tmp_path: Path):
    committed = nbformat.read(stem.with_suffix(".ipynb"), as_version=4)
    fresh = execution.run(committed, tmp_path, MINICVT_KERNELS="numpy")
    assert execution.blemishes(fresh) == []


def test_the_index_names_every_lesson_by_its_title():
    page = (pairs.FOLDER / "README.md").read_text(encoding="utf-8")
    for stem in pairs.every():
        title = stem.with_suffix(".py").read_text(encoding="utf-8").splitlines()[1]
        number, name = title.removeprefix("# # ").split(" · ")
        assert f"| [{number}]({stem.name}.ipynb) {name} |" in page
