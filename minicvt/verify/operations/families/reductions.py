"""Reductions over some axes or all, with ties for the maximum."""

from __future__ import annotations

from dataclasses import replace
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


def _of_something(draw: Draw, values: Any) -> Sample:
    """Draw lengths of which only one that is kept may be 0."""
    sample = _reduced(draw, values(*(draw.size() for _ in range(draw.size(1, 4)))))
    x: Any = sample.inputs[0]
    empty = sample.options["axis"] == 0 and x.ndim > 1 and draw.maybe_none() == 0
    return replace(sample, inputs=(x[..., :0],)) if empty else sample


listed("mean", _over("mean"))(lambda draw: _of_something(draw, draw.normal))
listed("max", _over("amax"), corners=True)(lambda draw: _of_something(draw, draw.tied))
