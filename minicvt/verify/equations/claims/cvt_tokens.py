"""CvT, sections 3.1 and 3.2.1: sizes of token maps, and what a projection is."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np

from minicvt import ops
from minicvt.kernels.types import Array
from minicvt.nn import Attention, BatchNorm2d, Init, Linear, flatten
from minicvt.observe import ModuleEvent, observe
from minicvt.tensor import Tensor
from minicvt.verify.equations.claim import claim, fixed
from minicvt.verify.equations.pieces import Separable
from minicvt.verify.equations.probe import apart, block_of, drawn, tokens_on
from minicvt.verify.equations.row import Row, failing
from minicvt.verify.equations.sweep import Size, Sweep, Window

ONE, IDENTITY = "depthwise weights are 1", "BatchNorm is the identity"
NO_CLASS = "no class token"


def windows_of(window: Window, size: Size) -> Size:
    """Cut a map of zeros into its windows, and count them both ways."""
    kernel, stride, padding = window
    image = np.zeros((1, *size, 1), np.float32)
    cut = ops.im2col(Tensor(image), kernel=kernel, stride=stride, padding=padding)
    height, width = cut.shape[1:3]
    return height, width


def sizes_of(window: Window, size: Size) -> str:
    """Write a window on a map: "13 x 9, k5 s3 p2"."""
    return "{} x {}, k{} s{} p{}".format(*size, *window)


@claim(
    "cvt-E1",
    "section 3.1, equation 1",
    r"H_i = \left\lfloor \frac{H_{i-1} + 2p - s}{s - o} + 1 \right\rfloor",
    "A convolution with kernel s, overlap o and padding p makes a map of H_i x W_i.",
    sized=True,
    why="s - o is the stride. Counted: windows cut from an array, one by one.",
)
def map_size(sweep: Sweep) -> Iterator[Row]:
    """Compare the formula with windows that were cut."""
    for window, size in sweep.embedded():
        s, stride, p = window
        o = s - stride
        height, width = ((n + 2 * p - s) // (s - o) + 1 for n in size)
        yield Row(sizes_of(window, size), (height, width), windows_of(window, size))


def as_written(attn: Any, x: Array) -> Tensor:
    """Equation 2 in the paper's order: all three on the map, then Flatten."""
    part, weight = attn.conv_proj_q, attn.proj_q.weight
    y = part.bn(part.conv(Tensor(x)))
    y = ops.conv2d(y, weight[:, :, None, None], attn.proj_q.bias)
    return flatten(y)[0]


@claim(
    "cvt-E2",
    "section 3.2.1, equation 2",
    r"x_i^{q/k/v} = \mathrm{Flatten}(\mathrm{Conv2d}(\mathrm{Reshape2D}(x_i), s))",
    "A token of q, k or v is depthwise convolution, BatchNorm and point-wise "
    "convolution of the map, flattened.",
    expected="exact iff",
    conditions=(NO_CLASS,),
    why="The model flattens before the point-wise part, which changes nothing. A class "
    "token lies on no map: it skips convolution and BatchNorm and meets only the "
    "point-wise part, which equation 2 does not say.",
)
@fixed
def projection() -> Iterator[Row]:
    """Compare the model's projection with the equation, term by term."""
    attn = drawn(partial(Attention, 8, 2))
    for height, width, special in ((4, 6, 0), (7, 5, 0), (4, 6, 1)):
        grid, x = tokens_on(height, width, special, 8)
        made = attn.proj_q(attn.convolve(Tensor(x), grid)["q"][0])
        written = as_written(attn, x[:, special:].reshape(1, height, width, 8))
        missing = failing({NO_CLASS: not special})
        yield Row(f"{grid}: tokens", written.shape[1], made.shape[1], missing)
        if not special:
            yield Row(f"{grid}: largest difference", 0.0, apart(made, written))


@claim(
    "cvt-E2-input",
    "section 3.2.1, below equation 2",
    r"x_i \text{ is the unperturbed token prior to the Convolutional Projection}",
    "What is projected is the token as it enters the block.",
    expected="contradicted",
    why="The block normalises first: q, k and v are projections of LN(x), as in ViT.",
)
@fixed
def unperturbed() -> Iterator[Row]:
    """Compare what enters a block with what its attention is given."""
    grid, x = tokens_on(4, 6, 0, 8)
    block = drawn(block_of("dw_bn"))
    with observe() as events:
        block(Tensor(x), grid)
    calls = [e for e in events if isinstance(e, ModuleEvent) and e.module is block.attn]
    given = calls[0].inputs[0]
    yield Row("largest difference to the block's input", 0.0, apart(given, x))


def one_by_one(ones: bool, identity: bool) -> float:
    """Compare a projection with s = 1 with the Linear that is its point-wise half."""
    part = drawn(partial(Separable, 8, (1, 1, 0), True))
    if ones:
        part.conv.weight.assign(np.ones_like(part.conv.weight.numpy()))
    if identity:
        part.bn = BatchNorm2d(8, init=Init("float64")).eval()
        part.bn.running_var = part.bn.running_var - part.bn.eps
    _, x = tokens_on(5, 7, 0, 8)
    return apart(part(Tensor(x.reshape(1, 5, 7, 8))), part.proj(Tensor(x)))


@claim(
    "cvt-E3",
    "section 3.2.1, transformer block design",
    r"\mathrm{Linear}(x) = \mathrm{Conv2d}_{1 \times 1}(x)",
    "The position-wise linear projection is a convolution with a 1 x 1 kernel.",
    expected="exact iff",
    conditions=(ONE, IDENTITY),
    why="A standard 1 x 1 convolution is that Linear. Of the Convolutional Projection, "
    "which has a depthwise part and BatchNorm too, it is a special case.",
)
@fixed
def linear_as_convolution() -> Iterator[Row]:
    """Compare 1 x 1 convolutions with a Linear of the same weights."""
    at = "{}: largest difference"
    linear = drawn(partial(Linear, 8, 8))
    _, x = tokens_on(5, 7, 0, 8)
    weight = linear.weight[:, :, None, None]
    conv = ops.conv2d(Tensor(x.reshape(1, 5, 7, 8)), weight, linear.bias)
    same = apart(flatten(conv)[0], linear(Tensor(x)))
    yield Row(at.format("standard convolution"), 0.0, same)
    for ones, identity in ((True, True), (False, True), (True, False)):
        missing = failing({ONE: ones, IDENTITY: identity})
        where = at.format("projection with s = 1")
        yield Row(where, 0.0, one_by_one(ones, identity), missing)


CLAIMS = (map_size, projection, unperturbed, linear_as_convolution)
