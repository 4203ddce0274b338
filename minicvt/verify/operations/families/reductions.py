"""Reductions over some axes or all, with ties for the maximum."""

from __future__ import annotations

from typing import Any

from minicvt.verify.operations.entry import listed
from minicvt.verify.operations.samples import Draw, Sample


def _reduced(draw: Draw, x: Any) -> Sample:
    last = x.ndim - 1
    axis = draw.one_of(None, 0, -1, (0, -1) if last else 0, tuple(range(x.ndim)))
    return Sample((x,), {"axis": axis, "keepdims": draw.one_of(False, True)})


def _over(name: str) -> Any:
    def theirs(torch: Any, x: Any, axis: Any, keepdims: bool) -> Any:
        dim = tuple(range(x.ndim)) if axis is None else axis
        return getattr(torch, name)(x, dim=dim, keepdim=keepdims)

    return theirs


listed("sum", _over("sum"))(lambda draw: _reduced(draw, draw.normal(*draw.shape(1, 4))))


@listed("mean", _over("mean"))
def _draw_mean(draw: Draw) -> Sample:
    return _reduced(draw, draw.normal(*(draw.size() for _ in range(draw.size(1, 4)))))


@listed("max", _over("amax"))
def _draw_max(draw: Draw) -> Sample:
    return _reduced(draw, draw.tied(*(draw.size() for _ in range(draw.size(1, 4)))))
