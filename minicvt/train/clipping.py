"""Gradients of bounded length."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np

from minicvt.nn import Parameter


def gradient_norm(parameters: Iterable[Parameter]) -> float:
    """Length of all gradients as one vector, summed in float64."""
    return math.sqrt(
        sum(
            float(np.square(parameter.grad, dtype=np.float64).sum())
            for parameter in parameters
            if parameter.grad is not None
        )
    )


def clip_gradients(parameters: Iterable[Parameter], max_norm: float) -> float:
    """Scale all gradients by ``min(1, max_norm / (norm + 1e-6))``; return ``norm``.

    One factor for all keeps the direction (Pascanu et al. 2013, algorithm 1); the
    1e-6 is that of ``torch.nn.utils.clip_grad_norm_``. A norm that is not finite
    is returned with the gradients untouched.
    """
    parameters = list(parameters)
    norm = gradient_norm(parameters)
    factor = max_norm / (norm + 1e-6)
    if math.isfinite(norm) and factor < 1:
        for parameter in parameters:
            if parameter.grad is not None:
                parameter.grad = parameter.grad * factor
    return norm
