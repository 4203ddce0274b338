"""Softmax and scaled dot-product attention."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from minicvt import kernels
from minicvt.errors import ShapeError
from minicvt.grid import Grid
from minicvt.ops.linear import rows
from minicvt.ops.operation import operation
from minicvt.ops.spec import NOTHING, OUTPUT, Shape, Spec, summed


def _softmax_rule(x: Shape) -> Spec:
    if not x or x[-1] < 1:
        raise ShapeError(f"the last axis should hold something, x is {x}")
    return Spec(x, {"softmax": prod(x)}, keeps=(OUTPUT,))


@operation(_softmax_rule)
def softmax(x):
    """y = exp(x) / sum exp(x) over the last axis; dx = y * (dy - sum(dy * y))."""
    y = kernels.softmax(rows(x))

    def pullback(d):
        return (kernels.softmax_backward(rows(d), y).reshape(d.shape),)

    return y.reshape(x.shape), pullback


def _attend_rule(
    q: Shape,
    k: Shape,
    v: Shape,
    bias: Shape | None,
    *,
    scale: float,
    query_grid: Grid | None,
    key_grid: Grid | None,
) -> Spec:
    fits = len(q) == len(k) == len(v) == 4 and q[:2] == k[:2] == v[:2]
    if not fits or q[3] != k[3] or k[2] != v[2]:
        raise ShapeError(
            f"q {q}, k {k}, v {v} should be (B, h, T, d), (B, h, S, d), (B, h, S, e)"
        )
    if k[2] < 1:
        raise ShapeError(f"there should be at least one key, k is {k}")
    scores = (*q[:3], k[2])
    if bias is not None and _broadcast(bias, scores) != scores:
        raise ShapeError(f"bias {bias} does not broadcast to {scores}")
    for grid, tokens in ((query_grid, q[2]), (key_grid, k[2])):
        if grid is not None and grid.tokens != tokens:
            raise ShapeError(f"grid {grid} is not {tokens} tokens")
    return _attention_spec(q, k, v, bias, scores)


def _attention_spec(
    q: Shape, k: Shape, v: Shape, bias: Shape | None, scores: Shape
) -> Spec:
    """Say what two products around a softmax cost.

    Backward has two products for each of them, as linear maps have, and they are
    made whichever of q, k and v needs its cotangent; and the first once more, with
    the softmax, since nothing of size (B, h, T, S) is kept.
    """
    n = prod(scores)
    macs, biases = n * (q[3] + v[3]), {} if bias is None else {"additions": n}
    there = {"macs": macs, "softmax": n, "multiplications": n, **biases}
    again = {**there, "macs": n * q[3]}
    back = {"macs": 2 * macs, "softmax": n, "multiplications": prod(q) + prod(k)}
    back = {unit: back.get(unit, 0) + again[unit] for unit in again}
    of_bias = {} if bias is None else summed(bias, scores)
    return Spec(
        (*q[:3], v[3]),
        there,
        keeps=(0, 1, 2, *(() if bias is None else (3,)), q[:3], q[:3]),
        backward=(*[NOTHING] * 3, of_bias),
        always=back,
        axes=(0, 2, 1, 3),
    )


def _broadcast(a: Shape, b: Shape) -> Shape | None:
    try:
        return np.broadcast_shapes(a, b)
    except ValueError:
        return None


@operation(_attend_rule)
def attend(q, k, v, bias=None, *, scale, query_grid=None, key_grid=None):
    """softmax(scale q k^T + bias) v, for each head.

    q ``(B, h, T, d)``, k ``(B, h, S, d)``, v ``(B, h, S, e)`` -> ``(B, h, T, e)``;
    bias broadcasts to the scores ``(B, h, T, S)``. Those are kept nowhere: a tile of
    queries at a time, and again on the way back (Dao et al. 2022, without their tiles
    of keys). The grids change nothing here: they tell whoever observes where queries
    and keys lie on the image.
    """
    y, largest, total = kernels.attend(q, k, v, bias, scale)

    def pullback(d):
        return kernels.attend_backward(d, q, k, v, bias, scale, largest, total)

    return y, pullback


def attention_map(event: Any) -> Any:
    """Attention of an observed ``attend``: softmax(scale q k^T + bias).

    ``event`` is the OperationEvent; returns an array ``(B, h, T, S)``.
    """
    q, k, _, bias = event.inputs
    scores = event.options["scale"] * (q.numpy() @ k.numpy().swapaxes(-1, -2))
    scores = scores if bias is None else scores + bias.numpy()
    return kernels.softmax(rows(scores)).reshape(scores.shape)
