"""Five profilers and PyTorch on the same CvT-13, each down to its last integer.

What they said is kept in ``measured.json`` with their versions. Each number is a sum of
terms of our own ledger (:mod:`minicvt.reconcile.amounts`) that its profiler counts, and
how often; what no term explains is the residual.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from minicvt.errors import MinicvtError
from minicvt.files import write_atomic
from minicvt.reconcile.conventions import Term, terms
from minicvt.reconcile.recipes import BROKEN, RECIPES
from minicvt.reconcile.subjects import Subject, named

PROFILERS = ("torch", "fvcore", "ptflops", "thop", "torchinfo", "calflops")


@dataclass(frozen=True)
class Reading:
    """What a profiler said, and the terms that we know of it.

    ``versions`` are those it was measured with; ``now`` whether that was just now.
    """

    name: str
    value: int
    versions: str
    terms: tuple[Term, ...]
    now: bool = False

    @property
    def residual(self) -> int:
        """What no term explains."""
        return self.value - sum(term.amount for term in self.terms)


@cache
def known() -> dict[str, int]:
    """Return the terms of CvT-13 at 224 x 224."""
    model = named("cvt-13")
    return {**model.amounts, BROKEN: broken_biases(model)}


def broken_biases(model: Subject) -> int:
    """Sum the outputs of q, k and v in stages without a class token.

    Their tokens are a map seen in another order; a class token's concatenation copies
    them. PyTorch multiplies the former with mm and adds the bias on its own.
    """
    names = [name for name, _ in model.model.named_parameters()]
    joined = {name.split(".")[0] for name in names if name.endswith("cls_token")}
    totals: Counter[bool] = Counter()
    for entry in model.ledger.entries:
        if entry.operation == "linear" and ".attn.proj_" in entry.path:
            _, tokens, dim = entry.output
            totals[entry.stage in joined] += tokens * dim
    return totals[False]


def readings(python: str | None = None) -> list[Reading]:
    """Return what every profiler said; those that ``python`` has are asked again.

    Raises ``MinicvtError`` where one of them fails.
    """
    found = kept()
    fresh: set[str] = set()
    for name in PROFILERS if python else ():
        if said := ask(python or sys.executable, name):
            fresh |= said.keys()
            found |= said
    return [
        Reading(
            name,
            found[name]["value"],
            found[name]["versions"],
            tuple(terms(recipe, known())),
            name in fresh,
        )
        for name, recipe in RECIPES.items()
    ]


def ask(python: str, profiler: str) -> dict[str, dict[str, Any]]:
    """Measure one in a Python of its own; nothing where that has not installed it."""
    there = resources.files("minicvt.reconcile") / "peers" / "measure.py"
    with resources.as_file(there) as script:
        command = [python, str(script), profiler]
        run = subprocess.run(command, capture_output=True, encoding="utf-8")
    if run.returncode:
        last = (run.stderr.strip() or "no word").splitlines()[-1]
        raise MinicvtError(f"{profiler} failed in {python}: {last}")
    said = json.loads(run.stdout.splitlines()[-1])
    if "missing" in said:
        return {}
    versions = ", ".join(f"{name} {v}" for name, v in said["versions"].items())
    return {
        f"{profiler}: {reading}": {"value": value, "versions": versions}
        for reading, value in said["numbers"].items()
    }


def kept() -> dict[str, dict[str, Any]]:
    """Return ``measured.json``: value and versions of every reading."""
    file = resources.files("minicvt.reconcile") / "measured.json"
    found: dict[str, dict[str, Any]] = json.loads(file.read_text(encoding="utf-8"))
    return found


def keep(file: Path, found: list[Reading]) -> None:
    """Write what was measured, for ``measured.json``."""
    said = {r.name: {"value": r.value, "versions": r.versions} for r in found}
    write_atomic(file, (json.dumps(said, indent=1) + "\n").encode())
