"""Exercises done right and wrong, in cells that follow a notebook's own.

``notebooks/solutions/`` has a file a notebook: a function for each exercise, and
``MISTAKES``: by its name, wrong ones and words that the check must then print.
"""

from __future__ import annotations

import copy
import re
import runpy
from pathlib import Path
from typing import Any

import nbformat

CHECKED = re.compile(r"^check\((\w+)", re.MULTILINE)


def solutions(stem: Path) -> Path:
    """Return the file with a notebook's solutions."""
    return stem.parent / "solutions" / f"{stem.name}.py"


def questions(stem: Path) -> Path:
    """Return the page with a notebook's eight questions."""
    return stem.parent / "questions" / f"{stem.name}.md"


def mistakes(stem: Path) -> dict[str, list[tuple[Any, str]]]:
    """Return wrong answers by exercise, each with what the check must say."""
    found: dict[str, list[tuple[Any, str]]] = runpy.run_path(str(solutions(stem)))[
        "MISTAKES"
    ]
    return found


def exercises(notebook: Any) -> list[str]:
    """Return the names of the functions that the notebook's checks look at."""
    return [name for cell in _checks(notebook) for name in CHECKED.findall(cell.source)]


def answered(notebook: Any, stem: Path) -> Any:
    """Return the notebook with all its exercises done at its end: right, then wrong."""
    longer = copy.deepcopy(notebook)
    text = repr(solutions(stem).read_text(encoding="utf-8"))
    longer.cells.append(_code(f"exec({text}, globals())"))
    longer.cells += [_code(cell.source) for cell in _checks(notebook)]
    for name, attempts in mistakes(stem).items():
        cell = next(c for c in _checks(notebook) if name in CHECKED.findall(c.source))
        for number in range(len(attempts)):
            attempt = f"{name} = MISTAKES[{name!r}][{number}][0]"
            wrong = f"{attempt}\n{name}.__name__ = {name!r}\n{cell.source}"
            longer.cells.append(_code(wrong))
    return longer


def complaints(ran: Any, notebook: Any, stem: Path) -> list[str]:
    """Say which right answer a check refused, and which mistake it did not name."""
    after = [_printed(cell) for cell in ran.cells[len(notebook.cells) + 1 :]]
    count = len(_checks(notebook))
    right = "\n".join(after[:count])
    found = [
        f"the solution of {name} is refused: {right}"
        for name in exercises(notebook)
        if f"{name}: right" not in right.splitlines()
    ]
    wrong = [(name, *pair) for name, pairs in mistakes(stem).items() for pair in pairs]
    for (name, function, words), printed in zip(wrong, after[count:], strict=True):
        lines = [line for line in printed.splitlines() if line.startswith(name)]
        if not any(words in line for line in lines):
            mistake = f"{name} by {function.__name__}"
            found.append(f"{mistake} should hear {words!r}, hears {lines}")
    return found


def _checks(notebook: Any) -> list[Any]:
    return [c for c in notebook.cells if "check" in c.metadata.get("tags", [])]


def _code(source: str) -> Any:
    return nbformat.v4.new_code_cell(source)


def _printed(cell: Any) -> str:
    return "".join(output.get("text", "") for output in cell.outputs)
