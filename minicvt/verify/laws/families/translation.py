"""What moves with the image, and what does not."""

from __future__ import annotations

from typing import Any

import numpy as np

from minicvt.grid import Grid
from minicvt.nn import MLP, Attention, Block, ConvEmbed, Init, flatten, unflatten
from minicvt.nn.projection import DepthwiseBN
from minicvt.tensor import Tensor
from minicvt.verify.laws.law import Family
from minicvt.verify.laws.parts import Function, made, value
from minicvt.verify.laws.views import Window, moved
from minicvt.verify.operations import Draw
from minicvt.verify.oracle import relative_error

FAMILY = Family(
    "Moving the image",
    "T_n moves by n places. Of two views of one larger picture, some strides apart, a "
    "window sees the same, unless it reaches over a border of either: those places are "
    "left out.",
)
DIM = 4


STEP = Window(3, 2, 1)


def some_places(draw: Draw) -> tuple[int, int]:
    """Draw how far: up to two places down and across, and not none."""
    return draw.one_of((1, 0), (0, 1), (1, 2), (2, 1), (2, 2))


def scaled(places: tuple[int, int], stride: int) -> tuple[int, int]:
    """Return so many places in pixels."""
    return places[0] * stride, places[1] * stride


@FAMILY.equal("An embedding moves by a token a stride.", "E(T_{s n} x) = T_n E(x)")
def embedding(draw: Draw) -> float:
    """Any kernel, stride and padding."""
    window = Window(draw.size(2, 5), draw.size(1, 3), draw.size(0, 2))
    by = some_places(draw)
    run = made(draw, ConvEmbed, 3, DIM, *window)
    return moved(draw, run, [window], scaled(by, window.stride), by)


@FAMILY.unequal("By less than a stride it does not.", "E(T_1 x) != T_n E(x), s = 2")
def less(draw: Draw) -> float:
    """The nearest of all n."""
    run = made(draw, ConvEmbed, 3, DIM, *STEP)
    pixels = draw.one_of((1, 0), (0, 1), (3, 2))
    ns = np.ndindex(3, 3)
    return min(moved(draw, run, [STEP], pixels, by) for by in ns)


def projected(draw: Draw, stride: int) -> tuple[Function, list[Window]]:
    """Embed with stride 2, then the depthwise convolution and BatchNorm of q or k."""
    embed = made(draw, ConvEmbed, 3, DIM, *STEP)
    source = made(draw, DepthwiseBN, DIM, stride)

    def run(x: Tensor) -> Tensor:
        return unflatten(*source(*flatten(embed(x))))[0]

    return run, [STEP, Window(3, stride, 1)]


@FAMILY.equal("Queries move by a token a stride.", "Q(T_{s n} x) = T_n Q(x)")
def queries(draw: Draw) -> float:
    """q's convolution has stride 1."""
    by = some_places(draw)
    return moved(draw, *projected(draw, 1), scaled(by, 2), by)


@FAMILY.equal("Keys and values by a token two strides.", "K(T_{2 s n} x) = T_n K(x)")
def keys(draw: Draw) -> float:
    """k's and v's convolution has stride 2."""
    by = some_places(draw)
    return moved(draw, *projected(draw, 2), scaled(by, 4), by)


@FAMILY.unequal("By one stride they do not.", "K(T_s x) != K(x), T_1 K(x)")
def keys_by_one(draw: Draw) -> float:
    """The windows fall between tokens."""
    run, steps = projected(draw, 2)
    return min(moved(draw, run, steps, (2, 2), by) for by in ((0, 0), (1, 0), (1, 1)))


def block(draw: Draw, projection: str) -> tuple[Function, Any]:
    """Embed, then one block."""
    embed, init = made(draw, ConvEmbed, 3, DIM, *STEP), Init("float64")
    attn = Attention(DIM, 2, projection, init=init)
    part = made(draw, Block, DIM, attn, MLP(DIM, 8, init=init))

    def run(x: Tensor) -> Tensor:
        tokens, grid = flatten(embed(x))
        return unflatten(part(tokens, grid), grid)[0]

    return run, part


def _list_block(name: str, projection: str) -> None:
    says = f"A whole block{name} does not: attention is global."

    @FAMILY.unequal(says, "B(T_{2 s n} x) != T_{2 n} B(x)")
    def whole(draw: Draw) -> float:
        return moved(draw, block(draw, projection)[0], [STEP], (4, 4), (2, 2))


_list_block(" of CvT", "dw_bn")
_list_block(' with "linear" projections', "linear")


@FAMILY.equal("Without its attention a block does.", "x + MLP(LN(x)), token by token")
def without_attention(draw: Draw) -> float:
    """The last Linear of the attention is zero."""
    run, part = block(draw, "dw_bn")
    for parameter in (part.attn.proj.weight, part.attn.proj.bias):
        parameter.assign(np.zeros(parameter.shape))
    return moved(draw, run, [STEP], (4, 4), (2, 2))


def constant(draw: Draw, projection: str) -> float:
    """Attend to tokens that are all c; compare each answer with the first."""
    attention, grid = made(draw, Attention, DIM, 2, projection), Grid(5, 6)
    same = np.broadcast_to(draw.normal(DIM), (1, grid.tokens, DIM))
    y = value(lambda x: attention(x, grid), same)
    return relative_error(y, np.broadcast_to(y[:, :1], y.shape))


@FAMILY.equal('Of tokens all alike, "linear" attention is all alike.', "A(c) = c'")
def nowhere(draw: Draw) -> float:
    """Nothing says where a token lies."""
    return constant(draw, "linear")


@FAMILY.unequal("CvT's is not: zero padding tells where the border is.", "A(c) != c'")
def somewhere(draw: Draw) -> float:
    """So it needs no positions."""
    return constant(draw, "dw_bn")
