"""Operations that move elements: repeated indices, negative axes, nothing at all."""

from __future__ import annotations

from typing import Any

import numpy as np

from minicvt.verify.operations.entry import EXACT, listed
from minicvt.verify.operations.samples import Draw, Sample


@listed("reshape", lambda torch, x, shape: x.reshape(shape), EXACT)
def _draw_reshape(draw: Draw) -> Sample:
    x = draw.normal(draw.batch(), draw.size(), draw.size())
    shapes = [(x.shape[2], -1), (-1,), (1, *x.shape[::-1]), (x.shape[0], -1)]
    return Sample((x,), {"shape": draw.one_of(*shapes[: 4 if x.size else 3])})


@listed("transpose", lambda torch, x, axes: x.permute(axes), EXACT)
def _draw_transpose(draw: Draw) -> Sample:
    x = draw.normal(*draw.shape())
    axes = list(range(x.ndim))
    draw.random.shuffle(axes)
    return Sample((x,), {"axes": tuple(axes)})


def _take(torch: Any, x: Any, index: Any) -> Any:
    places = np.arange(x.numel()).reshape(x.shape)[index]
    return x.reshape(-1)[torch.as_tensor(np.array(places))]


@listed("getitem", _take)
def _draw_getitem(draw: Draw) -> Sample:
    x = draw.normal(draw.size(2), draw.size(3), draw.size(2))
    if draw.maybe_none() == 0:
        return Sample((x[..., :0],), {"index": slice(None, None, -1)})
    repeated = draw.rng.integers(-2, 2, (2, 3))
    index = draw.one_of(
        0,
        slice(None, None, -1),
        (slice(1, None), 1),
        (..., slice(None, None, 2)),
        (None, -1, slice(0, 0)),
        repeated,
        (repeated, slice(None), repeated[0, 0]),
        (slice(None), repeated, None),
        x > 0,
        (slice(None), np.array([True] + [False] * (x.shape[1] - 1))),
    )
    return Sample((x,), {"index": index})


@listed("concatenate", lambda torch, *arrays, axis: torch.cat(arrays, axis), EXACT)
def _draw_concatenate(draw: Draw) -> Sample:
    shape, axis = list(draw.shape(1, 3)), draw.size(0, 9)
    axis %= len(shape)
    sizes = [draw.size(0, 3) for _ in range(draw.size(1, 3))]
    arrays = [draw.normal(*shape[:axis], n, *shape[axis + 1 :]) for n in sizes]
    return Sample(tuple(arrays), {"axis": draw.one_of(axis, axis - len(shape))})


def _pad(torch: Any, x: Any, widths: Any) -> Any:
    return torch.nn.functional.pad(x, [n for pair in widths[::-1] for n in pair])


@listed("pad", _pad, EXACT)
def _draw_pad(draw: Draw) -> Sample:
    x = draw.normal(*draw.shape(1, 4))
    widths = tuple((draw.size(0, 2), draw.size(0, 2)) for _ in x.shape)
    return Sample((x,), {"widths": widths})


@listed("broadcast_to", lambda torch, x, shape: x.broadcast_to(shape))
def _draw_broadcast_to(draw: Draw) -> Sample:
    shape = draw.shape()
    return Sample((draw.normal(*draw.stretched(shape)),), {"shape": shape})
