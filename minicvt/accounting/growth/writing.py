"""Sweeps as tables."""

from __future__ import annotations

from typing import Any

from minicvt.accounting.growth.curves import Sweep
from minicvt.accounting.growth.fit import exponents

Rows = list[tuple[Any, ...]]
MIB = 2**20
QUANTITIES = {"macs": "MACs", "kept": "kept, MiB", "seconds": "seconds"}
"""Of a sample, and what each is called."""


def cost_rows(sweep: Sweep) -> Rows:
    """Return (curve, size, MACs, MiB kept, seconds) of every sample."""
    return [
        (
            curve.name,
            sample.size,
            sample.macs,
            f"{sample.kept / MIB:,.1f}",
            "" if sample.seconds is None else f"{sample.seconds:.4f}",
        )
        for curve in sweep.curves
        for sample in curve.samples
    ]


def exponent_rows(sweep: Sweep) -> Rows:
    """Return (curve, quantity, exponent of the smallest sizes, of the largest)."""
    return [
        (curve.name, name.split(",")[0], *map(str, fitted))
        for curve in sweep.curves
        for quantity, name in QUANTITIES.items()
        if (fitted := exponents(curve, quantity))
    ]
