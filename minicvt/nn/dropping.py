"""Layers that drop things while training. Each has a generator of its own."""

from __future__ import annotations

import numpy as np

from minicvt import ops
from minicvt.errors import OptionError
from minicvt.nn.init import Init
from minicvt.nn.module import Module
from minicvt.tensor import Tensor


class Dropout(Module):
    """y = x * mask / (1 - p): each element is dropped with probability p."""

    def __init__(self, p: float, *, init: Init) -> None:
        if not 0 <= p < 1:
            raise OptionError(f"{type(self).__name__}: p must be in [0, 1), got {p}")
        self.p = p
        self.generator = init.generator()

    def mask_shape(self, x: Tensor) -> tuple[int, ...]:
        """Draw one number for each element."""
        return x.shape

    def forward(self, x: Tensor) -> Tensor:
        """Keep the shape; in evaluation, or with p = 0, keep everything."""
        if not self.training or self.p == 0:
            return x
        keep = self.generator.random(self.mask_shape(x)) >= self.p
        return ops.multiply(x, (keep / (1 - self.p)).astype(x.dtype))


class DropPath(Dropout):
    """Stochastic depth: a whole sample's branch is dropped, or kept and scaled."""

    def mask_shape(self, x: Tensor) -> tuple[int, ...]:
        """Draw one number for each sample."""
        return (x.shape[0], *np.ones(x.ndim - 1, int).tolist())
