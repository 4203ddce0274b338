"""LayerNorm and BatchNorm over the last axis (channels)."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from minicvt import kernels
from minicvt.errors import ShapeError
from minicvt.observe import observed
from minicvt.ops.elementwise import add
from minicvt.ops.known import Known, known
from minicvt.ops.linear import rows
from minicvt.ops.operation import OPERATIONS, operation
from minicvt.ops.spec import NOTHING, Made, Shape, Spec, arrays
from minicvt.tensor import Tensor, is_recording


def _affine(x: Shape, weight: Shape, bias: Shape, *made: Shape | Made) -> Spec:
    """Say what all norms share: the pullback answers all cotangents in one pass."""
    if not x or x[-1] < 1:
        raise ShapeError(f"the last axis should hold channels, x is {x}")
    if weight != x[-1:] or bias != x[-1:]:
        raise ShapeError(
            f"weight {weight} and bias {bias} should be {x[-1:]}, x is {x}"
        )
    work = {"normalised": prod(x)}
    return Spec(x, work, keeps=(0, 1, *made), backward=(NOTHING,) * 3, always=work)


def _layer_norm_rule(x: Shape, weight: Shape, bias: Shape, **_: Any) -> Spec:
    mean = rstd = (prod(x[:-1]),)
    return _affine(x, weight, bias, mean, rstd)._replace(joins=True)


@operation(_layer_norm_rule)
def layer_norm(x, weight, bias, *, eps=1e-5):
    """y = (x - mean) / sqrt(var + eps) * weight + bias, each row by itself.

    Mean and biased variance over the last axis. With g = dy * weight and xhat the
    normalised row: dx = (g - mean(g) - xhat * mean(g * xhat)) / sqrt(var + eps).
    """
    y, mean, rstd = kernels.layer_norm(rows(x), weight, bias, eps)
    return y.reshape(x.shape), _layer_norm_pullback(x, weight, mean, rstd)


def _layer_norm_pullback(x, weight, mean, rstd):
    def pullback(d, *arrived):
        given = (rows(d), rows(x), weight, mean, rstd, *map(rows, arrived))
        dx, dweight, dbias = kernels.layer_norm_backward(*given)
        return dx.reshape(x.shape), dweight, dbias

    return pullback


def add_layer_norm(x, branch, weight, bias, *, eps=1e-5, norm=None, plain=False):
    """s = x + branch and y = LayerNorm(s), made in one pass: returns ``(s, y)``.

    On the tape they are what they are: an addition, and the LayerNorm of its result.
    ``norm`` is what asks for that, a layer say; ``layer_norm`` itself by default. One
    that is ``plain`` does nothing else, and is not asked where nobody would see it.
    """
    answers = _made_together(x, branch, weight, bias, eps)
    unseen = (norm is None or plain) and not (is_recording() or observed())
    if answers and unseen:
        s, y = (Tensor.wrap(one.answer[0]) for one in answers)
        return s, y
    with known(*answers):
        s = add(x, branch)
        y = layer_norm(s, weight, bias, eps=eps) if norm is None else norm(s)
    return s, y


OPERATIONS["add_layer_norm"] = add_layer_norm


def _made_together(x, branch, weight, bias, eps):
    """Return both answers from one kernel; none where it is not made for the inputs."""
    tensors = (x, branch, weight, bias)
    arrays: list[Any] = [getattr(tensor, "data", None) for tensor in tensors]
    if [*map(type, arrays)] != [np.ndarray] * 4:  # blank, or no Tensors
        return []
    x, branch, weight, bias = arrays
    fit = x.shape == branch.shape and weight.shape == bias.shape == x.shape[-1:] != ()
    if not (fit and x.size and x.dtype == branch.dtype == weight.dtype == bias.dtype):
        return []
    eps = float(eps)  # a NumPy number would promote float32
    flat = -1, x.shape[-1]
    both = x.reshape(flat), branch.reshape(flat)
    s, y, mean, rstd = kernels.add_layer_norm(*both, weight, bias, eps)
    s, y = s.reshape(x.shape), y.reshape(x.shape)
    pullback = _layer_norm_pullback(s, weight, mean, rstd)
    return [
        Known("add", (x, branch), {}, (s, lambda d: (d, d))),
        Known("layer_norm", (s, weight, bias), {"eps": eps}, (y, pullback)),
    ]


def _batch_norm_rule(x: Shape, weight: Shape, bias: Shape, **_: Any) -> Spec:
    mean = var = weight
    spec = _affine(x, weight, bias, mean, var)
    if prod(x[:-1]) < 2:
        raise ShapeError(f"training needs two values a channel, x is {x}")
    return spec._replace(extras=(mean, var))


@operation(_batch_norm_rule)
def batch_norm(x, weight, bias, *, eps=1e-5):
    """y = (x - mean) / sqrt(var + eps) * weight + bias, each channel over the batch.

    Training mode. Returns ``(y, mean, var)``; the biased variance, for the layer
    to keep, is not differentiable. dx has the form of LayerNorm's, over rows.
    """
    y, mean, var = kernels.batch_norm(rows(x), weight, bias, eps)

    def pullback(d):
        dx, dweight, dbias = kernels.batch_norm_backward(
            rows(d), rows(x), weight, mean, var, eps
        )
        return dx.reshape(x.shape), dweight, dbias

    return y.reshape(x.shape), pullback, mean, var


def _batch_norm_eval_rule(
    x: Shape, weight: Shape, bias: Shape, *, mean: Any, var: Any, **_: Any
) -> Spec:
    spec = _affine(x, weight, bias, *arrays(mean, var))
    if mean.shape != weight or var.shape != weight:
        raise ShapeError(f"statistics {mean.shape} should be {weight}")
    return spec


@operation(_batch_norm_eval_rule)
def batch_norm_eval(x, weight, bias, *, mean, var, eps=1e-5):
    """BatchNorm with stored statistics: one affine map per channel."""
    y = kernels.batch_norm_eval(rows(x), weight, bias, mean, var, eps)

    def pullback(d):
        dx, dweight, dbias = kernels.batch_norm_eval_backward(
            rows(d), rows(x), weight, mean, var, eps
        )
        return dx.reshape(x.shape), dweight, dbias

    return y.reshape(x.shape), pullback
