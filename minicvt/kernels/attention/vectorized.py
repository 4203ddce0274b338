"""Attention with NumPy: two products of matrices around a softmax."""

from __future__ import annotations

import numpy as np

from minicvt.kernels.types import Array


def softmax(x: Array) -> Array:
    """y = exp(x - max) / sum(exp(x - max)) along the last axis."""
    y = x - x.max(axis=-1, keepdims=True)
    np.exp(y, out=y)
    y /= y.sum(axis=-1, keepdims=True)
    return y


def softmax_backward(dy: Array, y: Array) -> Array:
    """dx = y (dy - sum(dy y)) along the last axis."""
    return y * (dy - (dy * y).sum(axis=-1, keepdims=True))


def attend(
    q: Array, k: Array, v: Array, bias: Array | None, scale: float
) -> tuple[Array, Array]:
    """out = p v with p = softmax(scale q kT + bias)."""
    scores = q @ k.swapaxes(-1, -2)
    scores *= scale
    if bias is not None:
        scores += bias
    probabilities = softmax(scores)
    return probabilities @ v, probabilities


def attend_backward(
    dout: Array, q: Array, k: Array, v: Array, scale: float, probabilities: Array
) -> tuple[Array, Array, Array, Array]:
    """dq = scale ds k, dk = scale dsT q, dv = pT dout, ds = softmax_backward."""
    dv = probabilities.swapaxes(-1, -2) @ dout
    dscores = softmax_backward(dout @ v.swapaxes(-1, -2), probabilities)
    dq = dscores @ k
    dq *= scale
    dk = dscores.swapaxes(-1, -2) @ q
    dk *= scale
    return dq, dk, dv, dscores
