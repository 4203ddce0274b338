"""Reductions over some axes or all, with ties for the maximum."""

from __future__ import annotations

from typing import Any

import torch

from tests.operations.entry import listed
from tests.operations.samples import Draw, Sample


def _reduced(draw: Draw, x: Any) -> Sample:
    last = x.ndim - 1
    axis = draw.one_of(None, 0, -1, (0, -1) if last else 0, tuple(range(x.ndim)))
    return Sample((x,), {"axis": axis, "keepdims": draw.one_of(False, True)})


def _over(reduce: Any) -> Any:
    def theirs(x: torch.Tensor, axis: Any, keepdims: bool) -> torch.Tensor:
        dim = tuple(range(x.ndim)) if axis is None else axis
        return reduce(x, dim=dim, keepdim=keepdims)

    return theirs


listed("sum", _over(torch.sum))(
    lambda draw: _reduced(draw, draw.normal(*draw.shape(1, 4)))
)


@listed("mean", _over(torch.mean))
def draw_mean(draw: Draw) -> Sample:
    return _reduced(draw, draw.normal(*(draw.size() for _ in range(draw.size(1, 4)))))


@listed("max", _over(torch.amax))
def draw_max(draw: Draw) -> Sample:
    return _reduced(draw, draw.tied(*(draw.size() for _ in range(draw.size(1, 4)))))
