"""A curve over all elements in Numba, in flat pieces of one length.

Where a piece goes on in the next row, so does its bias, which is written out beyond its
end: any number of channels is as quick as another.  While one piece is computed the
next is fetched, without which a third of the time goes into waiting.  A piece is a
function of its own, with a length that LLVM knows: that leaves all constants of a curve
in registers.
"""

from __future__ import annotations

from collections.abc import Callable

from minicvt.kernels.activation.curves import Curve
from minicvt.kernels.intrinsics import prefetch, separate, wide
from minicvt.kernels.jit import helper
from minicvt.kernels.lanes import flat
from minicvt.kernels.memory import zeros
from minicvt.kernels.team import shared
from minicvt.kernels.types import Array

PIECE = 256  # elements
LINE = 16  # elements of float32 that a line of the cache holds
FEW = 16  # summands that are added in x's dtype; their sums are in float64
# What is added up by one thread is a chunk: PIECE rows, a piece for each channel.

Body = Callable[..., None]


@helper
def _fetch(x: Array, at: int) -> None:
    for k in range(PIECE // LINE):
        prefetch(x, at + k * LINE)


@helper
def _copy(x: Array, at: int, y: Array, to: int, count: int) -> None:
    for i in range(count):
        y[to + i] = x[at + i]


@helper
def _flush(few: Array, total: Array) -> None:
    """Add few summands to those of their channel, and begin anew."""
    for first in range(0, few.size, total.size):
        for c in range(min(total.size, few.size - first)):
            total[c] += few[first + c]
            few[first + c] = 0


def forward(value: Curve) -> Body:
    """Make what fills some pieces of y = value(x + bias); the last may be short."""

    @helper
    def piece(x: Array, bias: Array, y: Array, top: int, c: int, kind: type) -> None:
        separate()
        wide()
        for i in range(PIECE):
            y[top + i] = value(x[top + i] + bias[c + i], kind)

    @shared
    def fill(
        x: Array, bias: Array, y: Array, channels: int, first: int, last: int
    ) -> None:
        kind, end = x.dtype.type, min(last * PIECE, x.size)
        spare = zeros((PIECE,), x)
        x, bias, y, short = flat(x), flat(bias), flat(y), flat(spare)
        whole = end // PIECE * PIECE
        for top in range(first * PIECE, whole, PIECE):
            _fetch(x, top + PIECE)
            piece(x, bias, y, top, top % channels, kind)
        if whole < end:
            _copy(x, whole, short, 0, end - whole)
            piece(short, bias, short, 0, whole % channels, kind)
            _copy(short, 0, y, whole, end - whole)

    return fill


def backward(slope: Curve) -> Body:
    """Make what fills some chunks of dx = dy slope(x + bias), and adds them up."""

    @helper
    def piece(
        dy: Array,
        x: Array,
        bias: Array,
        dx: Array,
        few: Array,
        top: int,
        c: int,
        kind: type,
    ) -> None:
        separate()
        wide()
        for i in range(PIECE):
            dx[top + i] = dy[top + i] * slope(x[top + i] + bias[c + i], kind)
        for i in range(PIECE):
            few[c + i] += dx[top + i]

    @shared
    def fill(
        dy: Array, x: Array, bias: Array, dx: Array, sums: Array, first: int, last: int
    ) -> None:
        kind, size, channels = x.dtype.type, x.size, sums.shape[1]
        often = FEW * max(1, channels // PIECE) * PIECE
        few, spare = zeros((bias.size,), x), zeros((2, PIECE), x)
        short_x, short_dy = flat(spare[0]), flat(spare[1])
        dy, x, bias, dx, into = flat(dy), flat(x), flat(bias), flat(dx), flat(few)
        for chunk in range(first, last):
            start = chunk * channels * PIECE
            end = min(start + channels * PIECE, size)
            whole = end // PIECE * PIECE
            for some in range(start, whole, often):
                for top in range(some, min(some + often, whole), PIECE):
                    _fetch(x, top + PIECE)
                    _fetch(dy, top + PIECE)
                    piece(dy, x, bias, dx, into, top, top % channels, kind)
                _flush(few, sums[chunk])
            if whole < end:
                count, c = end - whole, whole % channels
                _copy(x, whole, short_x, 0, count)
                _copy(dy, whole, short_dy, 0, count)
                piece(short_dy, short_x, bias, short_x, into, 0, c, kind)
                _copy(short_x, 0, dx, whole, count)
                _flush(few, sums[chunk])

    return fill
