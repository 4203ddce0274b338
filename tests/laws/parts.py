"""Parts in float64 whose weights and statistics are no special case."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from minicvt import Tensor
from minicvt.nn import BatchNorm2d, Init, Module
from tests.nn.comparing import normal, scrambled

ROUNDING = 1e-13
"""What one sum in another order may differ by, relative to the largest value."""


def made(kind: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
    """Make a part, in evaluation."""
    return remembering(scrambled(kind(*arguments, **options, init=Init("float64"))))


def remembering(module: Module) -> Module:
    """Give every BatchNorm a mean and a variance to remember; return in evaluation."""
    for _, part in module.named_modules():
        if isinstance(part, BatchNorm2d):
            channels = part.weight.shape[0]
            part.running_mean = normal(channels, seed=3)
            part.running_var = normal(channels, seed=4) ** 2 + 0.5
    return module.eval()


def gradient(function: Callable[[Tensor], Tensor], x: Any) -> Any:
    """Return the gradient by ``x`` for a random cotangent of the output."""
    leaf = Tensor(x, requires_grad=True)
    output = function(leaf)
    output.backward(normal(*output.shape, seed=5))
    return np.asarray(leaf.grad)
