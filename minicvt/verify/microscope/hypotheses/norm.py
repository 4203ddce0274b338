"""Norms: their eps, what they are made of, whether they are there at all."""

from __future__ import annotations

from typing import Any

import numpy as np

from minicvt.nn import BatchNorm2d, LayerNorm
from minicvt.verify.microscope.hypothesis import (
    doing,
    nothing,
    setting,
    suppose,
    weighing,
)

EPSILONS = (0.0, 1e-12, 1e-8, 1e-6, 1e-5, 1e-3)
"""Those of PyTorch, JAX, Keras, Hugging Face's configurations, and none."""


def statistics(x: Any) -> tuple[Any, Any]:
    """Mean and biased variance of each row."""
    mean = x.mean(axis=-1, keepdims=True)
    return mean, ((x - mean) ** 2).mean(axis=-1, keepdims=True)


def unbiased(norm: Any, x: Any) -> Any:
    """Divide the variance by n - 1."""
    mean, var = statistics(x)
    var = var * (x.shape[-1] / (x.shape[-1] - 1))
    return (x - mean) / (var + norm.eps) ** 0.5 * norm.weight + norm.bias


def eps_outside(norm: Any, x: Any) -> Any:
    """Add eps to the standard deviation, not to the variance."""
    mean, var = statistics(x)
    return (x - mean) / (var**0.5 + norm.eps) * norm.weight + norm.bias


def uncentred(norm: Any, x: Any) -> Any:
    """Divide by the root of the mean square: RMSNorm, with a shift."""
    square = (x * x).mean(axis=-1, keepdims=True)
    return x / (square + norm.eps) ** 0.5 * norm.weight + norm.bias


def unbiased_batch(norm: Any, x: Any) -> Any:
    """Divide the variance of the batch by n - 1."""
    if not norm.training:
        return BatchNorm2d.forward(norm, x)
    rows = x.reshape(-1, x.shape[-1])
    centred = rows - rows.mean(axis=0, keepdims=True)
    var = (centred * centred).sum(axis=0, keepdims=True) / (len(rows) - 1)
    y = centred / (var + norm.eps) ** 0.5 * norm.weight + norm.bias
    return y.reshape(*x.shape)


def forgetful(norm: Any) -> None:
    """Start the statistics anew: mean 0, variance 1."""
    norm.running_mean = np.zeros_like(norm.running_mean)
    norm.running_var = np.ones_like(norm.running_var)


HYPOTHESES = [
    *(
        suppose(f"{name}'s eps is {eps:g}", kind, setting(eps=eps))
        for name, kind in (("LayerNorm", LayerNorm), ("BatchNorm", BatchNorm2d))
        for eps in EPSILONS
    ),
    suppose("LayerNorm is missing", LayerNorm, doing(forward=nothing)),
    suppose("BatchNorm is missing", BatchNorm2d, doing(forward=nothing)),
    suppose(
        "LayerNorm's variance is divided by n - 1", LayerNorm, doing(forward=unbiased)
    ),
    suppose(
        "LayerNorm adds eps to the standard deviation",
        LayerNorm,
        doing(forward=eps_outside),
    ),
    suppose(
        "LayerNorm does not subtract the mean", LayerNorm, doing(forward=uncentred)
    ),
    suppose(
        "BatchNorm uses the batch's statistics", BatchNorm2d, setting(training=True)
    ),
    suppose(
        "BatchNorm uses the remembered statistics",
        BatchNorm2d,
        setting(training=False),
    ),
    suppose(
        "BatchNorm's variance is divided by n - 1",
        BatchNorm2d,
        doing(forward=unbiased_batch),
    ),
    suppose("BatchNorm's statistics were never loaded", BatchNorm2d, forgetful),
    suppose(
        "the norm's weight is forgotten",
        (LayerNorm, BatchNorm2d),
        weighing("weight", np.ones_like),
    ),
    suppose(
        "the norm's bias is forgotten",
        (LayerNorm, BatchNorm2d),
        weighing("bias", np.zeros_like),
    ),
]
