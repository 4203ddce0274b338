"""What looks at the exercises is looked at: a refused solution, a mistake unnoticed."""

from __future__ import annotations

from pathlib import Path

import jupytext
import pytest

from tests.notebooks import execution, exercises

NOTEBOOK = """\
# %% tags=["exercise"]
def double(x):
    return None

# %% tags=["check"]
from minicvt.lessons import check
check(double, ((3,), 6))
"""
MISTAKES = """
def squares(x):
    return x * x

def nearly(x):
    return 2 * x

MISTAKES = {"double": [(squares, "is 6, yours says 9"), (nearly, "is 6")]}
"""


@pytest.mark.parametrize(
    ("solution", "refused"),
    [("def double(x):\n    return x + x", []), ("def double(x):\n    return 7", ["6"])],
)
def test_right_and_wrong_are_told_apart(solution, refused, tmp_path: Path):
    stem = tmp_path / "99_throw_away"
    exercises.solutions(stem).parent.mkdir()
    exercises.solutions(stem).write_text(solution + MISTAKES, encoding="utf-8")
    notebook = jupytext.reads(NOTEBOOK, "py:percent")
    assert exercises.exercises(notebook) == ["double"]
    longer = execution.run(exercises.answered(notebook, stem), tmp_path)
    found = exercises.complaints(longer, notebook, stem)
    assert "double by nearly should hear 'is 6', hears ['double: right']" in found[-1]
    assert len(found) == 1 + len(refused)
    assert all("the solution of double is refused" in line for line in found[:-1])
