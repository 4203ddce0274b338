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
from minicvt.reconcile.conventions import (
    BIASES,
    CONVENTIONS,
    MACS,
    NO_PRODUCTS,
    Term,
    Times,
    terms,
)
from minicvt.reconcile.subjects import Subject, named

ROUNDED = "attention products, to four digits"
BROKEN = "biases of q, k and v where tokens come from a map alone"
PROFILERS = ("torch", "fvcore", "ptflops", "thop", "torchinfo", "calflops")
RECIPES: dict[str, Times] = {
    "torch: FLOPs": {"MACs": 2},
    "fvcore: FLOPs": CONVENTIONS["as fvcore"] | {ROUNDED: 1},
    "ptflops: MACs, pytorch backend": CONVENTIONS["as ptflops"],
    "ptflops: MACs, aten backend": MACS | BIASES | {BROKEN: -1},
    "thop: MACs": NO_PRODUCTS | {"LayerNorm": 4, "BatchNorm": 4},
    "torchinfo: mult-adds": {
        "convolutions": 1,
        "biases of convolutions": 1,
        "Linear weights, once": 1,
        "biases of attention Linear, once": 1,
        "biases of other Linear, once": 1,
        "LayerNorm weights and biases, once": 1,
        "BatchNorm weights and biases, once": 1,
    },
    "calflops: FLOPs": {
        "MACs": 2,
        ROUNDED: 2,
        "biases of convolutions": 1,
        "LayerNorm": 5,
        "BatchNorm": 2,
        "softmax": 1,
        "activations": 1,
    },
    "calflops: MACs": NO_PRODUCTS,
    "ptflops 0.6: MACs": NO_PRODUCTS
    | {
        "biases of convolutions": 1,
        "biases of attention Linear, once": 1,
        "biases of other Linear, once": 1,
        "BatchNorm": 2,
    },
}
WHY = {
    "torch: FLOPs": "Every product, two FLOPs each, and nothing else.",
    "fvcore: FLOPs": "Products in einsum are read from NumPy's report, in four digits.",
    "ptflops: MACs, pytorch backend": "Hooks on modules see no einsum; GELU counts in "
    "its module and again in the function it calls.",
    "ptflops: MACs, aten backend": "A Linear on tokens that lie channel by channel is "
    "a matrix product and a sum, and sums are not counted.",
    "thop: MACs": "Hooks on modules see no einsum; norms count four an element.",
    "torchinfo: mult-adds": "Every layer but a convolution counts once, not once a "
    "token; what is no layer, as the products of attention, never.",
    "calflops: FLOPs": "Stops at einsum's list of operands; this is with them handed "
    "on one by one.",
    "calflops: MACs": "The same; einsum counts as FLOPs and not as MACs.",
    "ptflops 0.6: MACs": "The 4.06 G of microsoft/CvT#8, on the official code, whose "
    "own LayerNorm, QuickGELU and einsum have no hooks.",
}


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
    with resources.as_file(resources.files("minicvt.reconcile") / "peers") as folder:
        command = [python, str(folder / "measure.py"), profiler]
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
