"""Printed figures beside counted ones: rows that several papers' tables need."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from minicvt.verify.equations.pieces import ran
from minicvt.verify.equations.row import Row

M, G = 10**6, 10**9


def millions(name: str, text: str, image: int | None = None) -> Row:
    """Lay printed parameters beside those of a model."""
    made = Fraction(ran(name, image).parameters, M)
    return Row(f"parameters of {name}", Decimal(text), made, unit="M")


def billions(name: str, text: str, image: int | None = None) -> Row:
    """Lay printed FLOPs beside the multiply-adds of a model."""
    at = f"MACs of {name}{f' at {image}' if image else ''}"
    return Row(at, Decimal(text), Fraction(ran(name, image).macs, G), unit="G")
