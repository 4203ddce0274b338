"""A notebook is two files: ``.ipynb`` with its outputs, ``.py`` (py:percent) to diff.

Both hold the same cells.  An author edits either; `merged` takes the cells from the
one that was written last and keeps the outputs, and `write` puts both in step.
"""

from __future__ import annotations

import tomllib
from collections import Counter
from hashlib import sha256
from pathlib import Path
from typing import Any

import jupytext
import nbformat
from jupytext.combine import combine_inputs_with_outputs

from minicvt.files import write_atomic
from tests.house.tree import ROOT

FOLDER = ROOT / "notebooks"

# What a notebook says of itself, whoever saved it with whatever versions.
METADATA = {
    "kernelspec": {
        "display_name": "Python 3",
        "language": "python",
        "name": "python3",
    },
    "language_info": {"name": "python"},
}


def every() -> list[Path]:
    """Return the path without suffix of every notebook, even of half a pair."""
    found = [*FOLDER.glob("*.ipynb"), *FOLDER.glob("*.py")]
    return sorted({path.with_suffix("") for path in found})


def out_of_step(stem: Path) -> str | None:
    """Say where a pair parts, or None where it does not."""
    paths = [stem.with_suffix(suffix) for suffix in (".ipynb", ".py")]
    for path in paths:
        if not path.exists():
            return f"{path.name} is missing"
    ours, theirs = (_cells(jupytext.read(path)) for path in paths)
    for number, (one, other) in enumerate(zip(ours, theirs, strict=False), start=1):
        if one != other:
            return f"cell {number} differs: {one} in .ipynb, {other} in .py"
    if len(ours) != len(theirs):
        return f"{len(ours)} cells in .ipynb, {len(theirs)} in .py"
    return None


def merged(stem: Path) -> Any:
    """Return the notebook with the cells of the newer file and the outputs it has."""
    ours, theirs = (stem.with_suffix(suffix) for suffix in (".ipynb", ".py"))
    if not ours.exists():
        return jupytext.read(theirs)
    if not theirs.exists() or theirs.stat().st_mtime < ours.stat().st_mtime:
        return jupytext.read(ours)
    script, notebook = jupytext.read(theirs), jupytext.read(ours)
    return combine_inputs_with_outputs(script, notebook, "py:percent")


def write(stem: Path, notebook: Any) -> None:
    """Write both files of a pair, each whole or not at all."""
    notebook.metadata = nbformat.from_dict(METADATA)
    _name_cells(notebook.cells)
    text = nbformat.writes(notebook) + "\n"
    notebook.metadata["jupytext"] = _filters()
    script = jupytext.writes(notebook, "py:percent")
    write_atomic(stem.with_suffix(".ipynb"), text.encode())
    write_atomic(stem.with_suffix(".py"), script.encode())


def _name_cells(cells: list[Any]) -> None:
    """Name cells by their source, so that names neither churn nor repeat."""
    seen: Counter[str] = Counter()
    for cell in cells:
        seen[cell.source] += 1
        name = f"{seen[cell.source]} {cell.source}"
        cell.id = sha256(name.encode()).hexdigest()[:8]


def _cells(notebook: Any) -> list[tuple[str, str, list[str]]]:
    return [
        (cell.cell_type, cell.source.strip(), sorted(cell.metadata.get("tags", [])))
        for cell in notebook.cells
    ]


def _filters() -> dict[str, str]:
    """Return what of the metadata the twin holds, as JupyterLab is told to."""
    settings = tomllib.loads((FOLDER / "jupytext.toml").read_text(encoding="utf-8"))
    return {key: value for key, value in settings.items() if key.endswith("_filter")}
