"""CMT's scaling and its printed figures."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

from minicvt.verify.equations.claim import claim, fixed
from minicvt.verify.equations.claims.counting import billions, millions
from minicvt.verify.equations.pieces import ran
from minicvt.verify.equations.reading import PRINTED
from minicvt.verify.equations.row import Row

SIZES = ("cmt-ti", "cmt-xs", "cmt-s", "cmt-b")


@claim(
    "cmt-eq17",
    "section 3.4, equation 17",
    r"\alpha \cdot \beta^{1.5} \cdot \gamma^2 \approx 2.5,\quad "
    r"\alpha = 1.2,\ \beta = 1.3,\ \gamma = 1.15",
    "The constants of compound scaling make each size 2.5 times as costly.",
    reading=PRINTED,
    expected="contradicted",
    why="The product of the constants falls short of 2.5, and the models were not "
    "scaled by them: CMT-B is 76 / 64 as wide as CMT-S, not 1.3 times.",
)
@fixed
def scaling() -> Iterator[Row]:
    """Multiply the constants out, and count the models."""
    said = Decimal("2.5")
    yield Row("the constants", said, 1.2 * 1.3**1.5 * 1.15**2, unit="x")
    for small, large in pairwise(SIZES):
        ratio = Fraction(ran(large).macs, ran(small).macs)
        yield Row(f"MACs, {small} to {large}", said, ratio, unit="x")


@claim(
    "cmt-params",
    "as an unofficial README quotes the paper",
    r"9.49,\ 15.24,\ 25.14,\ 45.72\ \mathrm{M}",
    "CMT-Ti, XS, S and B have the printed parameters.",
    reading=PRINTED,
    expected="contradicted",
    why="Nothing that was tried explains the figure of CMT-S; XS is cut, not rounded.",
)
@fixed
def parameters() -> Iterator[Row]:
    """Count them, each for the image size it was trained at."""
    for name, text in zip(SIZES, ("9.49", "15.24", "25.14", "45.72"), strict=True):
        yield millions(name, text)


@claim(
    "cmt-FLOPs",
    "abstract and section 4.1",
    r"\text{FLOPs}(\text{CMT-S}) = 4.0\ \mathrm{G} = \frac{1}{14}\ "
    r"\text{FLOPs}(\text{DeiT})",
    "CMT-S takes 4.0G FLOPs, 14 times fewer than the best DeiT.",
    reading=PRINTED,
    why="The best DeiT is DeiT-B at 384 x 384.",
)
@fixed
def flops() -> Iterator[Row]:
    """Count both."""
    yield billions("cmt-s", "4.0")
    ratio = Fraction(ran("deit-base", 384).macs, ran("cmt-s").macs)
    yield Row("deit-base at 384 and cmt-s", Decimal("14"), ratio, unit="x")


CLAIMS = (
    scaling,
    parameters,
    flops,
)
