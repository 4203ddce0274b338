"""CvT's tables 2 and 3: the figures they print, and what is counted."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from typing import Any

from minicvt.verify.equations.claim import claim, fixed
from minicvt.verify.equations.claims.counting import M, billions, millions
from minicvt.verify.equations.pieces import ran
from minicvt.verify.equations.reading import PRINTED, About
from minicvt.verify.equations.row import Row

TABLE_2 = (
    ("cvt-13", "19.98", "4.53"),
    ("cvt-21", "31.54", "7.13"),
    ("cvt-w24", "276.7", "60.86"),
)
AT_384 = (("cvt-13", "16.3"), ("cvt-21", "24.9"), ("cvt-w24", "193.2"))
AS_CODED = "model of the code"
CLOSE = 0.02
"""How far a count may be from a printed one to be called about the same."""


@claim(
    "cvt-T2-params",
    "section 4.1 and table 2",
    r"|\theta| = 19.98,\ 31.54,\ 276.7\ \mathrm{M}",
    "CvT-13, CvT-21 and CvT-W24 have the parameters that table 2 prints.",
    reading=PRINTED,
    expected="contradicted",
    why="The last rows fit: one depthwise convolution and BatchNorm a block, shared by "
    "q, k and v, and for CvT-13 and 21 positions in the last stage. That the authors "
    "counted such models is a guess.",
)
@fixed
def parameters() -> Iterator[Row]:
    """Count the models of the code, and those of the guess."""
    for name, text, _ in TABLE_2:
        yield millions(name, text)
    for name, text, _ in TABLE_2:
        guess: dict[str, Any] = {
            "shared": "qkv",
            "positions": "none" if "w" in name else "last",
        }
        made = Fraction(ran(name, **guess).parameters, M)
        yield Row(f"{name}, shared", Decimal(text), made, (AS_CODED,), "M")


@claim(
    "cvt-T2-flops",
    "tables 2 and 3",
    r"\text{FLOPs} = 4.53,\ 7.13,\ 60.86\ \mathrm{G}",
    "Their FLOPs are those of tables 2 and 3, at 224 and at 384.",
    reading=PRINTED,
    expected="contradicted",
    why="One FLOP of the paper is one multiply-add here. Of 12,800 ways to count more "
    "or less than that (biases, norms, softmax, ...), none meets more than two of the "
    "six figures.",
)
@fixed
def flops() -> Iterator[Row]:
    """Count the models of the code."""
    for name, _, text in TABLE_2:
        yield billions(name, text)
    for name, text in AT_384:
        yield billions(name, text, 384)


@claim(
    "cvt-T2-about",
    "tables 2 and 3",
    r"\text{FLOPs} \approx 4.53,\ \ldots,\ 193.2\ \mathrm{G}",
    "The same figures, parameters and FLOPs, as rough ones.",
    reading=About(CLOSE),
    expected="approximate",
)
@fixed
def roughly() -> Iterator[Row]:
    """Read the rows of both as approximate."""
    for name, text, said in TABLE_2:
        yield millions(name, text)
        yield billions(name, said)
    for name, said in AT_384:
        yield billions(name, said, 384)


CLAIMS = (
    parameters,
    flops,
    roughly,
)
