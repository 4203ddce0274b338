"""Attention, pooling and positions, written out."""

from __future__ import annotations

import numpy as np

from minicvt import ops
from minicvt.grid import Grid
from minicvt.kernels.types import Array
from minicvt.models.ceit import LastAsks
from minicvt.nn import Attention, merge_heads, resample
from minicvt.nn.token_layers import TokenPerformer
from minicvt.tensor import Tensor
from minicvt.verify.laws.law import Family
from minicvt.verify.laws.parts import made, one_thing, value
from minicvt.verify.operations import Draw
from minicvt.verify.oracle import relative_error

FAMILY = Family("Written twice: attention, pooling, positions")
DIM = 6


@FAMILY.equal("Three Linears are one with rows q, k, v.", "[W_q; W_k; W_v] x")
def fused(draw: Draw) -> float:
    """Rows (3, heads, head_dim): head-major inside each."""
    part, grid = made(draw, Attention, 12, 3, "linear"), Grid(2, 4, 1)
    three = [getattr(part, f"proj_{name}") for name in "qkv"]

    def as_one(x: Tensor) -> Tensor:
        weight = ops.concatenate(*[one.weight for one in three], axis=0)
        bias = ops.concatenate(*[one.bias for one in three], axis=0)
        rows = ops.linear(x, weight, bias).reshape(*x.shape[:2], 3, 3, 4)
        q, k, v = (rows[:, :, i].transpose(0, 2, 1, 3) for i in range(3))
        return part.proj(merge_heads(ops.attend(q, k, v, scale=part.scale)))

    x = draw.normal(2, grid.tokens, 12)
    return one_thing(lambda x: part(x, grid), as_one, x, part)


@FAMILY.equal("A bias of the keys changes nothing.", "A(q, k + b, v) = A(q, k, v)")
def key_bias(draw: Draw) -> float:
    """It adds q . b to all scores of a query."""
    q, k, v = (draw.normal(2, 3, n, 4) for n in (5, 7, 7))
    b = draw.normal(4)
    found = [ops.attend(q, keys, v, scale=0.5).numpy() for keys in (k + b, k)]
    return relative_error(*found)


@FAMILY.equal("CeiT's last attention is the last row of all.", "A(q_L, K, V)")
def last_row(draw: Draw) -> float:
    """One query costs L products where L queries cost L^2."""
    last, layers = made(draw, LastAsks, 12, 3, "linear"), Grid(0, 0, 5)
    everyone = made(draw, Attention, 12, 3, "linear")
    everyone.load_state_dict(last.state_dict())
    x = draw.normal(2, layers.tokens, 12)
    return one_thing(
        lambda x: last(x, layers), lambda x: everyone(x, layers)[:, -1:], x
    )


@FAMILY.equal("Pooling pads with minus infinity.", "max over what is there")
def pooled(draw: Draw) -> float:
    """All values are negative: padding with 0 would win at the border."""
    x = -draw.positive(2, draw.size(4, 7), draw.size(4, 7), 3)
    around = [(0, 0), (1, 1), (1, 1), (0, 0)]
    padded = np.pad(x, around, constant_values=-np.inf)
    windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), (1, 2))
    expected: Array = windows[:, ::2, ::2].max((-2, -1))
    run = value(lambda x: ops.max_pool2d(x, kernel=3, stride=2, padding=1), x)
    return relative_error(run, expected)


@FAMILY.equal(
    "A performer is attention by an explicit kernel.",
    "y_t = sum_s phi_t.phi_s v_s / sum_s phi_t.phi_s",
)
def performer(draw: Draw) -> float:
    """Every pair of tokens written out."""
    layer, grid = made(draw, TokenPerformer, 8, DIM), Grid(3, 4)
    q, k, v = (Tensor(0.5 * draw.normal(2, grid.tokens, DIM)) for _ in range(3))
    pairs = layer.features(q).numpy() @ layer.features(k).numpy().swapaxes(1, 2)
    rows = pairs / (pairs.sum(-1, keepdims=True) + layer.epsilon)
    return relative_error(layer.mix(q, k, v, grid).numpy(), rows @ v.numpy())


@FAMILY.equal(
    "Positions are resized from centres of pixels.", "s_i = (i + 1/2) old / new - 1/2"
)
def resized(draw: Draw) -> float:
    """Bilinear, the edge repeated, nothing smoothed: place by place."""
    old, new = (Grid(draw.size(2, 6), draw.size(2, 6)) for _ in range(2))
    table = draw.normal(1, old.tokens, 3)
    ours = resample(Tensor(table), old, new, "bilinear").numpy()
    places, expected = table.reshape(*old[:2], 3), np.zeros((*new[:2], 3))
    for i, j in np.ndindex(*new[:2]):
        (a, b, s), (c, d, t) = _between(i, old[0], new[0]), _between(j, old[1], new[1])
        above = (1 - t) * places[a, c] + t * places[a, d]
        below = (1 - t) * places[b, c] + t * places[b, d]
        expected[i, j] = (1 - s) * above + s * below
    return relative_error(ours, expected.reshape(1, -1, 3))


def _between(i: int, old: int, new: int) -> tuple[int, int, float]:
    """Return the two old places around a new one, and how far it is on the way."""
    place = (i + 0.5) * old / new - 0.5
    low = int(np.floor(place))
    first, second = (min(max(n, 0), old - 1) for n in (low, low + 1))
    return first, second, place - low
