"""A curve over all elements in Numba, in flat pieces of one length.

LLVM knows that length, and keeps all constants of a curve in registers.  Where a piece
goes on in the next row, so does its bias, which is written out beyond its end: any
number of channels is as quick as another.  While one piece is computed the next is
fetched, without which a sixth of the time goes into waiting.
"""

from __future__ import annotations

from collections.abc import Callable

from minicvt.kernels.activation.curves import Curve
from minicvt.kernels.intrinsics import prefetch, wide
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


def forward(value: Curve) -> Body:
    """Make what fills some pieces of y = value(x), which is a piece long at least.

    The last piece ends where x does, and may overlap with the one before.
    """

    @shared
    def fill(x: Array, y: Array, first: int, last: int) -> None:
        wide()
        kind, final = x.dtype.type, x.size - PIECE
        x, y = flat(x), flat(y)
        for piece in range(first, last):
            top = min(piece * PIECE, final)
            for i in range(0, PIECE, LINE):
                prefetch(x, top + PIECE + i)
            for i in range(PIECE):
                y[top + i] = value(x[top + i], kind)

    return fill


def backward(slope: Curve) -> Body:
    """Make what fills some pieces of dx = dy slope(x), as `forward`."""

    @shared
    def fill(dy: Array, x: Array, dx: Array, first: int, last: int) -> None:
        wide()
        kind, final = x.dtype.type, x.size - PIECE
        dy, x, dx = flat(dy), flat(x), flat(dx)
        for piece in range(first, last):
            top = min(piece * PIECE, final)
            for i in range(0, PIECE, LINE):
                prefetch(x, top + PIECE + i)
                prefetch(dy, top + PIECE + i)
            for i in range(PIECE):
                dx[top + i] = dy[top + i] * slope(x[top + i], kind)

    return fill


def biased_forward(value: Curve) -> Body:
    """Make what fills some pieces of y = value(x + bias), as `forward`."""

    @shared
    def fill(
        x: Array, bias: Array, y: Array, channels: int, first: int, last: int
    ) -> None:
        wide()
        kind, final = x.dtype.type, x.size - PIECE
        x, bias, y = flat(x), flat(bias), flat(y)
        for piece in range(first, last):
            top = min(piece * PIECE, final)
            c = top % channels
            for i in range(0, PIECE, LINE):
                prefetch(x, top + PIECE + i)
            for i in range(PIECE):
                y[top + i] = value(x[top + i] + bias[c + i], kind)

    return fill


def biased_backward(slope: Curve) -> Body:
    """Make what fills some chunks of dx = dy slope(x + bias), and adds them up.

    x is whole pieces; the last may have been filled up with cotangents of zero.
    """

    @shared
    def fill(
        dy: Array, x: Array, bias: Array, dx: Array, sums: Array, first: int, last: int
    ) -> None:
        wide()
        kind, size, channels = x.dtype.type, x.size, sums.shape[1]
        often = FEW * max(1, channels // PIECE) * PIECE
        few = zeros((bias.size,), x)
        dy, x, bias, dx, added = flat(dy), flat(x), flat(bias), flat(dx), flat(few)
        for chunk in range(first, last):
            start = chunk * channels * PIECE
            end = min(start + channels * PIECE, size)
            for top in range(start, end, PIECE):
                c, below = top % channels, top + PIECE
                for i in range(0, PIECE, LINE):
                    prefetch(x, below + i)
                    prefetch(dy, below + i)
                for i in range(PIECE):
                    d = dy[top + i] * slope(x[top + i] + bias[c + i], kind)
                    dx[top + i] = d
                    added[c + i] += d
                if (below - start) % often == 0 or below == end:
                    _flush(few, sums[chunk])

    return fill


@helper
def _flush(few: Array, total: Array) -> None:
    """Add few summands to those of their channel, and begin anew."""
    size, channels = few.size, total.size
    few, total = flat(few), flat(total)
    for first in range(0, size, channels):
        for c in range(min(channels, size - first)):
            total[c] += few[first + c]
            few[first + c] = 0
