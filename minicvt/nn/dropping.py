"""Layers that drop things while training. Each has a generator of its own."""

from __future__ import annotations

from typing import Any

import numpy as np

from minicvt import ops
from minicvt.blank import Blank
from minicvt.errors import OptionError, unknown
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
        return ops.multiply(x, self.mask(self.mask_shape(x), x))

    def mask(self, shape: tuple[int, ...], x: Tensor) -> Any:
        """Draw 0 with probability p, else 1 / (1 - p); blank if x is."""
        if isinstance(x.data, Blank):
            return Blank(shape, x.dtype)
        keep = self.generator.random(shape) >= self.p
        return (keep / (1 - self.p)).astype(x.dtype)


RULES = ("linear", "across", "none", "stage_index")


def drop_path_rates(
    rule: str, rate: float, depths: tuple[int, ...], stage: int
) -> list[float]:
    """Rates of drop path for the blocks of a stage, of ``depths[stage]``.

    They grow from 0 to ``rate`` over the stage ("linear", as in CvT) or over all
    stages ("across", as in the others: stochastic depth). "stage_index" takes the
    entry of a stage's list with the stage's number for all its blocks, as
    transformers does, so that the depth must exceed it; "none" drops nothing.
    """
    if not 0 <= rate < 1:
        raise OptionError(f"drop path: the rate must be in [0, 1), got {rate}")
    if rule not in RULES:
        raise unknown("drop path rule", rule, RULES)
    depth, before = depths[stage], sum(depths[:stage])
    if rule == "none":
        return [0.0] * depth
    if rule == "across":
        return np.linspace(0, rate, sum(depths))[before : before + depth].tolist()
    growing = np.linspace(0, rate, depth).tolist()
    if rule == "linear":
        return growing
    if depth <= stage:
        raise OptionError(
            f"drop path rule 'stage_index' reads entry {stage} of {depth} in stage "
            f"{stage}: give it more than {stage} blocks, or another rule"
        )
    return [growing[stage]] * depth


class DropPath(Dropout):
    """Stochastic depth: a whole sample's branch is dropped, or kept and scaled."""

    def mask_shape(self, x: Tensor) -> tuple[int, ...]:
        """Draw one number for each sample."""
        return (x.shape[0], *(1,) * (x.ndim - 1))
