"""CeiT's printed figures."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction

from minicvt.verify.equations.claim import claim, fixed
from minicvt.verify.equations.claims.counting import G, millions
from minicvt.verify.equations.pieces import ran
from minicvt.verify.equations.reading import PRINTED
from minicvt.verify.equations.row import Row, failing

WITHOUT = "attention products counted"


@claim(
    "ceit-FLOPs",
    "as table 7 of the DHVT paper quotes it",
    r"\text{FLOPs} = 1.2,\ 3.6,\ 4.5,\ 12.9\ \mathrm{G}",
    "CeiT-T at 224 and 384 and CeiT-S at 224 and 384 take the printed FLOPs.",
    reading=PRINTED,
    expected="contradicted",
    why="Three of the four fit when the two products of attention are left out, the "
    "fourth fits neither way.",
)
@fixed
def flops() -> Iterator[Row]:
    """Count them with the products of attention and without."""
    printed = (
        ("ceit-tiny", 224, "1.2"),
        ("ceit-tiny", 384, "3.6"),
        ("ceit-small", 224, "4.5"),
        ("ceit-small", 384, "12.9"),
    )
    for name, side, text in printed:
        model, at = ran(name, side), f"MACs of {name} at {side}"
        less = Fraction(model.macs - model.products, G)
        yield Row(at, Decimal(text), Fraction(model.macs, G), unit="G")
        missing = failing({WITHOUT: False})
        yield Row(f"{at}, no products", Decimal(text), less, missing, "G")


@claim(
    "ceit-params",
    "README of the official code",
    r"|\theta| = 6.4,\ 24.2,\ 94.4\ \mathrm{M}",
    "CeiT-T, S and B have the printed parameters.",
    reading=PRINTED,
)
@fixed
def parameters() -> Iterator[Row]:
    """Count them."""
    for name, text in (("tiny", "6.4"), ("small", "24.2"), ("base", "94.4")):
        yield millions(f"ceit-{name}", text)


CLAIMS = (
    flops,
    parameters,
)
