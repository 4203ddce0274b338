"""CvT, section 3.2.2, first half: what convolutions cost in a projection."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from minicvt.verify.equations.claim import claim
from minicvt.verify.equations.claims.cvt_tokens import sizes_of
from minicvt.verify.equations.pieces import dense, linear, separable
from minicvt.verify.equations.row import Row, failing
from minicvt.verify.equations.sweep import Size, Sweep, Window, centred

NO_BIAS, NO_NORM = "no bias", "without BatchNorm"
STRIDE_1, KEEPS = "stride 1", "padding (s - 1) / 2"


def kernels_of(sweep: Sweep) -> list[int]:
    """Return the kernels of a sweep's projections, each once."""
    return sorted({window[0] for window in sweep.projections})


@claim(
    "cvt-E4",
    "section 3.2.2",
    r"s^2 C^2",
    "A standard s x s convolution has s^2 C^2 parameters.",
    expected="exact iff",
    conditions=(NO_BIAS,),
    sized=True,
)
def dense_parameters(sweep: Sweep) -> Iterator[Row]:
    """Count the parameters of convolutions, with a bias and without."""
    for s in kernels_of(sweep):
        for c in sweep.channels:
            for bias in (False, True):
                made = dense(c, (s, 1, s // 2), (14, 14), bias).parameters
                at = f"s = {s}, C = {c}{', bias' if bias else ''}"
                yield Row(at, s**2 * c**2, made, failing({NO_BIAS: not bias}))


@claim(
    "cvt-E5",
    "section 3.2.2",
    r"\mathcal{O}(s^2 C^2 T)",
    "A standard s x s convolution takes s^2 C^2 T multiply-adds for T tokens.",
    expected="exact iff",
    conditions=(STRIDE_1,),
    sized=True,
    why="T counts the places that come out. Keys and values have stride 2, and a "
    "quarter of them. A class token is no place of the map.",
)
def dense_macs(sweep: Sweep) -> Iterator[Row]:
    """Count the multiply-adds of convolutions."""
    c = sweep.channels[0]
    for window, size in sweep.projected():
        said = window[0] ** 2 * c**2 * size[0] * size[1]
        at = f"C = {c}, {sizes_of(window, size)}"
        yield Row(at, said, dense(c, window, size).macs, strides(window))


def strides(window: Window) -> tuple[str, ...]:
    """Return which of the conditions for T places to come out a window fails."""
    return failing({STRIDE_1: window[1] == 1, KEEPS: centred(window)})


@claim(
    "cvt-E6",
    "section 3.2.2",
    r"s^2 C",
    "A Convolutional Projection has s^2 C parameters more than a linear one.",
    expected="exact iff",
    conditions=(NO_NORM,),
    sized=True,
    why="The claim forgets BatchNorm, whose gain and shift are trained: 2C more. A "
    "block has three projections. (Running mean and variance are 2C numbers that are "
    "stored and not trained.)",
)
def separable_parameters(sweep: Sweep) -> Iterator[Row]:
    """Count what a projection has beyond its Linear, in units of C."""
    for s in kernels_of(sweep):
        for c in sweep.channels:
            for norm in (False, True):
                whole = separable(c, (s, 1, s // 2), (14, 14), norm).parameters
                extra = Fraction(whole - linear(c, 1).parameters, c)
                missing = failing({NO_NORM: not norm})
                at = f"s = {s}, C = {c}{', with BatchNorm' if norm else ''}"
                yield Row(f"{at}, a projection", s**2, extra, missing, "C")
                yield Row(f"{at}, a block", 3 * s**2, 3 * extra, missing, "C")


@claim(
    "cvt-E7",
    "section 3.2.2",
    r"\mathcal{O}(s^2 C T)",
    "A Convolutional Projection takes s^2 C T multiply-adds more than a linear one.",
    expected="exact iff",
    conditions=(STRIDE_1,),
    sized=True,
    why="So a block takes 1.5 s^2 C T and not 3 s^2 C T: that of the query has stride "
    "1, those of keys and values stride 2, on even maps a quarter each.",
)
def separable_macs(sweep: Sweep) -> Iterator[Row]:
    """Count what the depthwise part does, on its own and in a block."""
    c = sweep.channels[0]
    for window, size in sweep.projected():
        said, missing = window[0] ** 2 * c * size[0] * size[1], strides(window)
        at, made = f"C = {c}, {sizes_of(window, size)}", extra_macs(c, window, size)
        yield Row(f"{at}, a projection", said, made, missing)
        if window[0] % 2 == 0:
            continue  # a query's map would not stay as it is
        query = extra_macs(c, (window[0], 1, window[0] // 2), size)
        yield Row(f"{at}, a block", 3 * said, query + 2 * made, missing)


def extra_macs(c: int, window: Window, size: Size) -> int:
    """Multiply-adds of a projection beyond those of its Linear."""
    whole = separable(c, window, size)
    places = whole.ledger.entries[-1].output[1]
    return whole.macs - linear(c, places).macs


CLAIMS = (
    dense_parameters,
    dense_macs,
    separable_parameters,
    separable_macs,
)
