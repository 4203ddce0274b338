"""T2T-ViT: soft splits, and what concatenation costs."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from functools import partial
from math import prod

import numpy as np

from minicvt import ops
from minicvt.nn import Conv2d, Linear
from minicvt.nn.soft_split import SPLITS, soft_split
from minicvt.tensor import Tensor
from minicvt.verify.equations.claim import claim, fixed
from minicvt.verify.equations.claims.cvt_tokens import sizes_of, windows_of
from minicvt.verify.equations.pieces import Ran, layer, ran
from minicvt.verify.equations.probe import apart, drawn
from minicvt.verify.equations.reading import LESS
from minicvt.verify.equations.row import Row, failing
from minicvt.verify.equations.sweep import Sweep, Window

PERFORMER, MULTIPLE = "with performers", "16 divides the side"
MORE = "memory, or layers between splits"
CONV = (*SPLITS, (3, 2, 1))
"""Kernel, stride and padding of the three soft splits."""


@claim(
    "t2t-eq3",
    "section 3.1, equation 3",
    r"l_o = \left\lfloor \frac{h + 2p - k}{k - s} + 1 \right\rfloor \times "
    r"\left\lfloor \frac{w + 2p - k}{k - s} + 1 \right\rfloor",
    "A soft split with kernel k, overlap s and padding p makes l_o tokens.",
    sized=True,
    why="CvT's equation 1 in other letters. Counted: windows cut from an array.",
)
def tokens(sweep: Sweep) -> Iterator[Row]:
    """Compare the formula with windows that were cut."""
    for window, size in sweep.embedded():
        k, stride, p = window
        s = k - stride
        height, width = ((n + 2 * p - k) // (k - s) + 1 for n in size)
        cut = prod(windows_of(window, size))
        yield Row(sizes_of(window, size), height * width, cut, unit="tokens")


def chained(side: int) -> int:
    """Cut three times, one after the other; return the side of what is left."""
    for window in CONV:
        side, _ = windows_of(window, (side, side))
    return side


@claim(
    "t2t-grid",
    "section 3.3, and num_patches of the official code",
    r"P = [7, 3, 3],\ S = [3, 1, 1]:\quad 224 \to 14",
    "Three soft splits reduce 224 x 224 to 14 x 14, a sixteenth of any side.",
    expected="exact if",
    conditions=(MULTIPLE,),
    why="The code sizes its table of positions by side // 16 and fails wherever that "
    "is not what the splits give. The paper says 14 x 14 for 224 and no more.",
)
@fixed
def grids() -> Iterator[Row]:
    """Cut maps of zeros of every side, and compare with side // 16."""
    for side in (*range(32, 65), 224, 384):
        missing = failing({MULTIPLE: side % 16 == 0})
        yield Row(f"{side} x {side}: side", side // 16, chained(side), missing)


def embedding(window: Window, side: int, chans: int, dim: int) -> Ran:
    """Run CvT's way from a map to tokens: one convolution."""
    return layer(partial(Conv2d, chans, dim, *window), side, side, chans)


def projecting(tokens: int, wide: int, dim: int) -> Ran:
    """Run T2T's way: a Linear of tokens that were concatenated."""
    return layer(partial(Linear, wide, dim), tokens, wide)


@claim(
    "t2t-concat",
    "CvT, section 3.3, relations to concurrent work",
    r"k^2 C > C",
    "T2T concatenates neighbouring tokens, increasing the complexity of memory and "
    "computation; a convolutional embedding does not.",
    reading=LESS,
    expected="exact iff",
    conditions=(MORE,),
    why="A split lays each number out k^2 / t^2 times, t being its stride. But a split "
    "and a Linear are together a convolution: the same multiply-adds and parameters. "
    "What costs is attention on the many wide tokens, before the Linear.",
)
@fixed
def concatenation() -> Iterator[Row]:
    """Lay splits, and the module that they are in, beside convolutions."""
    sides, chans, dims = (224, 56, 28), (3, 64, 64), (64, 64, 384)
    whole = 0
    for i, window in enumerate(CONV):
        conv = embedding(window, sides[i], chans[i], dims[i])
        height, width = windows_of(window, (sides[i], sides[i]))
        wide = height * width * chans[i] * window[0] ** 2
        before, at = sides[i] ** 2 * chans[i], f"split {i + 1}"
        yield Row(f"{at}: numbers, map and tokens", before, wide)
        linear = projecting(height * width, wide // (height * width), dims[i])
        missing = failing({MORE: False})
        yield Row(
            f"{at}: MACs, convolution and Linear", conv.macs, linear.macs, missing
        )
        whole += conv.macs
    for name in ("t2t-14", "t2t-t-14"):
        model = ran(name)
        module = model.within("stem.") + model.within("stage0.patch_embed.")
        yield Row(f"T2T module of {name}: MACs, convolutions and it", whole, module)


@claim(
    "t2t-unfold",
    "section 3.1, below equation 4",
    r"T_3 E = \mathrm{Conv2d}_{3, 2, 1}(I_2)",
    "The last split and its Linear are a convolution.",
)
@fixed
def unfolded() -> Iterator[Row]:
    """Compare both, with weights in the order channel, row, column."""
    conv = drawn(partial(Conv2d, 4, 6, 3, 2, 1))
    x = Tensor(np.random.default_rng(1).normal(size=(1, 9, 8, 4)))
    split, _ = soft_split(x, 3, 2, 1)
    linear = ops.linear(split, conv.weight.reshape(6, 36), conv.bias)
    made = conv(x)
    yield Row("largest difference", 0.0, apart(linear.reshape(*made.shape), made))


@claim(
    "t2t-performer",
    "section 3.1, T2T module",
    r"\mathrm{MACs}(4 l) = 4 \mathrm{MACs}(l)",
    "A performer keeps the cost of the many tokens in the T2T module down.",
    expected="exact iff",
    conditions=(PERFORMER,),
    why="Read as: its cost is linear in the number of tokens. That of a transformer "
    "layer is quadratic.",
)
@fixed
def linear_cost() -> Iterator[Row]:
    """Count both modules at 224 and at twice the side, four times the tokens."""
    for name in ("t2t-14", "t2t-t-14"):
        costs = [ran(name, side).within("stem.") for side in (224, 448)]
        at = f"{name}: {costs[0]:,} to {costs[1]:,} MACs"
        missing = failing({PERFORMER: "-t-" not in name})
        yield Row(at, 4, Fraction(costs[1], costs[0]), missing, "x")


CLAIMS = (
    tokens,
    grids,
    concatenation,
    unfolded,
    linear_cost,
)
