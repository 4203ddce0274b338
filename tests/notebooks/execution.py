"""Run a notebook from a clean kernel, and say what is wrong with what it shows."""

from __future__ import annotations

import copy
import math
import os
import re
from pathlib import Path
from typing import Any

import matplotlib.font_manager  # noqa: F401 - builds its cache here, not in a cell
from nbclient import NotebookClient

# One thread and silence about compiling: a run shows the same bits as the last.
SETTINGS = {
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "NUMBA_NUM_THREADS": "1",
    "MINICVT_QUIET": "1",
    "PYTHONHASHSEED": "0",
}
SECONDS_A_CELL = 600

NUMBER = re.compile(r"\d+(?:\.\d+)?(?:[eE][+-]?\d+)?")
ADDRESS = re.compile(r"\b0x[0-9a-f]{6,}\b")


def run(notebook: Any, folder: Path, **environment: str) -> Any:
    """Return a copy of ``notebook`` run in ``folder``, an empty one.

    Raises `nbclient.exceptions.CellExecutionError`, with the traceback, where a cell
    does.
    """
    fresh = copy.deepcopy(notebook)
    client = NotebookClient(
        fresh,
        timeout=SECONDS_A_CELL,
        kernel_name="python3",
        record_timing=False,
        coalesce_streams=True,
        extra_arguments=["--log-level=ERROR"],  # of the kernel, about its transport
        resources={"metadata": {"path": str(folder)}},
    )
    profile = {"IPYTHONDIR": str(folder / ".ipython")}  # nobody's start-up files
    client.execute(env=os.environ | profile | SETTINGS | environment)
    return fresh


def blemishes(notebook: Any) -> list[str]:
    """Return what a reader must not meet: errors, warnings, cells that did not run."""
    found = []
    code = [cell for cell in notebook.cells if _runs(cell)]
    for number, cell in enumerate(code, start=1):
        if cell.execution_count is None:
            found.append(f"code cell {number} was never executed")
        elif cell.execution_count != number:
            found.append(f"code cell {number} was executed as [{cell.execution_count}]")
        for output in cell.outputs:
            if output.output_type == "error":
                found.append(f"code cell {number} shows {output.ename}")
            if output.get("name") == "stderr":
                found.append(f"code cell {number} writes to stderr: {output.text!r}")
    return found


def stale(committed: Any, fresh: Any) -> list[str]:
    """Return where the committed text outputs are not what a fresh run shows.

    Whole numbers must be equal, others within a thousandth; pictures only there.
    Cells tagged ``volatile`` (timings, what training on another machine moves) are
    passed over.
    """
    found = []
    pairs = zip(committed.cells, fresh.cells, strict=True)
    for number, (old, new) in enumerate(pairs, start=1):
        if not _runs(old) or "volatile" in old.metadata.get("tags", []):
            continue
        before, after = _shown(old), _shown(new)
        if not _alike(before, after):
            found.append(f"cell {number} shows {before!r}, a fresh run {after!r}")
    return found


def _runs(cell: Any) -> bool:
    return cell.cell_type == "code" and bool(cell.source.strip())


def _shown(cell: Any) -> str:
    """Return the text of a cell's outputs; of a picture, only what kind it is."""
    parts = []
    for output in cell.outputs:
        if output.output_type == "stream":
            parts.append(output.text)
        for kind, value in sorted(output.get("data", {}).items()):
            parts.append(value if kind.startswith("text/") else f"<{kind}>")
    return ADDRESS.sub("<address>", "\n".join(parts))


def _alike(before: str, after: str) -> bool:
    words = [" ".join(NUMBER.sub("#", text).split()) for text in (before, after)]
    numbers = [NUMBER.findall(text) for text in (before, after)]
    return words[0] == words[1] and all(map(_close, *numbers))


def _close(one: str, other: str) -> bool:
    if one.isdecimal() and other.isdecimal():
        return int(one) == int(other)
    return math.isclose(float(one), float(other), rel_tol=1e-3, abs_tol=1e-6)
