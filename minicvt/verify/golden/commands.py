"""What ``minicvt verify gradients`` runs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

import numpy as np

from minicvt.errors import OptionError
from minicvt.kernels.types import Array
from minicvt.tables import table
from minicvt.verify.golden import kept
from minicvt.verify.golden.kept import Call, Golden
from minicvt.verify.golden.summary import errors
from minicvt.verify.operations import OPERATIONS
from minicvt.verify.oracle import pytorch

REPRODUCED = 1e-13
"""Of PyTorch's answers made again, for single operations; layers and models, which
amplify what these round, may differ by a hundredth of what we may."""


class Row(NamedTuple):
    """One entry of the registry: how many calls, and how far off the worst was."""

    name: str
    calls: int
    worst: float
    tolerance: float
    where: str

    @property
    def ok(self) -> bool:
        """Whether no answer is farther off than it may be."""
        return self.worst <= self.tolerance


def gradients(with_torch: bool = False, out: Path | None = None) -> int:
    """Print how far our answers are from PyTorch's; return 1 if any is too far.

    ``with_torch`` asks PyTorch again, which must answer what is kept; ``out`` is where
    to keep its answers instead.
    """
    if out is not None and not with_torch:
        raise OptionError("--out keeps what PyTorch answers: add --with-torch")
    again = kept.made(pytorch()) if with_torch else None
    if again and out:
        kept.write(again, out)
    golden = again if again and out else kept.read()
    failed = reproduced(golden, again) if again and not out else 0
    found = rows(kept.calls(), golden)
    head = ("operation, layer, model", "calls", "relative error", "tolerance", "of")
    print(table(head, [(*row[:2], *_short(row)) for row in found]), end="\n\n")
    return failed | _verdict(found, golden)


def _verdict(found: list[Row], golden: Golden) -> int:
    """Print the last lines; return 1 if an error is larger than it may be."""
    wrong = [row.name for row in found if not row.ok]
    versions = " and ".join(f"{k} {v}" for k, v in golden.versions.items())
    if not wrong:
        total = sum(row.calls for row in found)
        print(f"{total} calls agree with PyTorch, as answered by {versions}")
        return 0
    print(f"{len(wrong)} of {len(found)} differ from PyTorch: {', '.join(wrong)}")
    print(f"what is kept was made by {versions}; here is numpy {np.__version__}")
    return 1


def rows(calls: Iterable[Call], golden: Golden) -> list[Row]:
    """Compare every call with what is kept, an entry a row."""
    return [
        _row(name, list(some), golden)
        for name, some in groupby(calls, lambda call: call.entry.name)
    ]


def _row(name: str, calls: list[Call], golden: Golden) -> Row:
    found = [pair for call in calls for pair in compared(call, golden)]
    where, worst = max(found, key=lambda pair: pair[1])
    tolerance = calls[0].entry.tolerance.value
    return Row(name, len(calls), worst, tolerance, where if worst else "")


def compared(call: Call, golden: Golden) -> Iterable[tuple[str, float]]:
    """Yield what was compared and its error; infinite if another call was drawn."""
    if golden.digests.get(call.key) != kept.digest(call.sample):
        return [("what was drawn", float("inf"))]
    names, row = call.entry.names(call.sample), golden.rows[call.key]
    found = errors(call.ours(), row, call.sample.zero)
    return [(_said(name, names), error) for name, error in found]


def _said(answer: str, names: tuple[str, ...]) -> str:
    """Write "gradient 1" as "gradient by weight"."""
    kind, number = answer.split()
    return f"gradient by {names[int(number)]}" if kind == "gradient" else answer


def _short(row: Row) -> tuple[str, str, str]:
    return f"{row.worst:.1e}", f"{row.tolerance:.0e}", row.where


def reproduced(golden: Golden, again: Golden) -> int:
    """Say how PyTorch's answers compare with those kept; return 1 if they differ."""
    same = [k for k, row in golden.rows.items() if _identical(row, again.rows, k)]
    rest = {call.key: call for call in kept.calls() if call.key not in same}
    apart = {key: _apart(golden.rows.get(key), again.rows[key]) for key in rest}
    limits = {key: _limit(call) for key, call in rest.items()}
    far = [key for key in apart if apart[key] > limits[key]]
    print(f"PyTorch {again.versions['torch']} again: {len(same)} of {len(again.rows)}")
    print("answers are the same to the last bit", end="")
    print(f", the others within {max(apart.values()):.0e}" if rest else "", end="\n\n")
    if far:
        print(f"not reproduced: {', '.join(far)}", end="\n\n")
    return int(bool(far))


def _identical(row: Array, others: Mapping[str, Array], key: str) -> bool:
    return key in others and np.array_equal(row, others[key])


def _apart(row: Array | None, other: Array) -> float:
    if row is None or row.shape != other.shape:
        return float("inf")
    return float(np.abs(row - other).max() / np.abs(other).max())


def _limit(call: Call) -> float:
    operation = call.entry.name in OPERATIONS
    return REPRODUCED if operation else call.entry.tolerance.value / 100
