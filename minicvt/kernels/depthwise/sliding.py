"""Windows of 3 x 3 pixels that slide along a row, 16 channels at a time.

The nine weights stay in registers, and so does the window, which takes in three new
pixels a step: every pixel is read three times, not nine, and every sum is written
once.  Or nine sums stay there, those of the weight's gradient.  After a few steps it is
the next channels' turn, so that a pixel's memory is used while it is near.

A window is three columns (left, middle, right) of three pixels.  Pixels may lie
``apart`` from each other; in between and outside the map there is 0.  A ``row`` is what
a window slides along: where three lines of pixels begin in memory (-1: there is none),
how many pixels they have and how far apart, how many channels, and the first of 16.
"""

from __future__ import annotations

from typing import Any

from minicvt.kernels.jit import helper
from minicvt.kernels.lanes import LANES, flat, load, multiply_add, store, zeros
from minicvt.kernels.memory import empty
from minicvt.kernels.team import shared
from minicvt.kernels.types import Array, Pair

STEPS = 8
TALL = 16


@helper
def _which(at: int, apart: int, size: int) -> int:
    """Return which pixel of an axis lies at a place, -1 for none."""
    if apart > 1:
        at = at // apart if at % apart == 0 else -1
    return at if 0 <= at < size else -1


@helper
def _line(shape: Any, b: int, h: int, apart: int) -> int:
    row = _which(h, apart, shape[1])
    return (b * shape[1] + row) * shape[2] * shape[3] if row >= 0 else -1


@helper
def _lines(shape: Any, b: int, h: int, apart: int) -> tuple[int, int, int]:
    """Return where three lines of image b begin, from height h."""
    return (
        _line(shape, b, h, apart),
        _line(shape, b, h + 1, apart),
        _line(shape, b, h + 2, apart),
    )


@helper
def _pixel(x: Array, line: int, at: int) -> Any:
    return load(x, line + at) if line >= 0 else zeros(x)


@helper
def _column(x: Array, row: Any, w: int) -> Any:
    """Return three pixels below each other."""
    lines, width, apart, channels, c = row
    col = _which(w, apart, width)
    if col < 0:
        return zeros(x), zeros(x), zeros(x)
    at = col * channels + c
    return _pixel(x, lines[0], at), _pixel(x, lines[1], at), _pixel(x, lines[2], at)


@helper
def _begin(x: Array, row: Any, w: int) -> Any:
    """Return the left and the middle column of a window."""
    return _column(x, row, w), _column(x, row, w + 1)


@helper
def _three(x: Array, at: int, step: int) -> Any:
    return load(x, at), load(x, at + step), load(x, at + 2 * step)


@helper
def _inner(pixels: Any, weights: Any, total: Any) -> Any:
    total = multiply_add(pixels[0], weights[0], total)
    total = multiply_add(pixels[1], weights[1], total)
    return multiply_add(pixels[2], weights[2], total)


@helper
def _outer(pixels: Any, d: Any, sums: Any) -> Any:
    return (
        multiply_add(pixels[0], d, sums[0]),
        multiply_add(pixels[1], d, sums[1]),
        multiply_add(pixels[2], d, sums[2]),
    )


@shared
def convolve(
    x: Array,
    taps: Array,
    stride: Pair,
    padding: Pair,
    apart: Pair,
    y: Array,
    first: int,
    last: int,
) -> None:
    """y[b, i, j, c] = sum_uv window[u, v, c] taps[u, v, c].

    For rows first to last, counted through all images: n = b*Ho + i.
    """
    shape, (rows, cols, channels) = x.shape, y.shape[1:]
    x, taps, y = flat(x), flat(taps), flat(y)
    for n in range(first, last):
        b, i = divmod(n, rows)
        lines = _lines(shape, b, i * stride[0] - padding[0], apart[0])
        for start in range(0, cols, STEPS):
            steps = min(STEPS, cols - start)
            for block in range(0, channels, LANES):
                c = min(block, channels - LANES)
                row = lines, shape[2], apart[1], channels, c
                w = start * stride[1] - padding[1]
                _convolve_some(x, row, w, stride[1], taps, y, n * cols + start, steps)


@helper
def _convolve_some(
    x: Array, row: Any, w: int, stride: int, taps: Array, y: Array, n: int, steps: int
) -> None:
    """Take so many steps from w; the first one's result is pixel n of y."""
    _, _, _, channels, c = row
    weights = (
        _three(taps, c, 3 * channels),
        _three(taps, c + channels, 3 * channels),
        _three(taps, c + 2 * channels, 3 * channels),
    )
    left, middle = _begin(x, row, w)
    for j in range(steps):
        right = _column(x, row, w + 2)
        total = _inner(left, weights[0], zeros(x))
        total = _inner(middle, weights[1], total)
        total = _inner(right, weights[2], total)
        store(y, (n + j) * channels + c, total)
        w += stride
        left, middle = (middle, right) if stride == 1 else _begin(x, row, w)


@shared
def weight_grad(
    dy: Array,
    x: Array,
    stride: Pair,
    padding: Pair,
    total: Array,
    first: int,
    last: int,
) -> None:
    """total[b, u, v, c] += sum_ij window[u, v, c] dy[b, i, j, c], for some images.

    A tile's summands are summed in x's dtype, and the tiles' sums in float64.
    """
    rows, cols, channels = dy.shape[1:]
    sums = empty((3, 3, channels), x)
    for b in range(first, last):
        for top in range(0, rows, TALL):
            for start in range(0, cols, STEPS):
                tile = b, top, min(top + TALL, rows), start, min(STEPS, cols - start)
                for block in range(0, channels, LANES):
                    c = min(block, channels - LANES)
                    _weight_grad_tile(dy, x, stride, padding, tile, c, flat(sums))
                for u in range(3):
                    for v in range(3):
                        for c in range(channels):
                            total[b, u, v, c] += sums[u, v, c]


@helper
def _weight_grad_tile(
    dy: Array, x: Array, stride: Pair, padding: Pair, tile: Any, c: int, sums: Array
) -> None:
    b, top, bottom, start, steps = tile
    rows, cols, channels = dy.shape[1:]
    shape, x, dy = x.shape, flat(x), flat(dy)
    first = second = third = zeros(x), zeros(x), zeros(x)
    for i in range(top, bottom):
        lines = _lines(shape, b, i * stride[0] - padding[0], 1)
        row = lines, shape[2], 1, channels, c
        w = start * stride[1] - padding[1]
        at = ((b * rows + i) * cols + start) * channels + c
        left, middle = _begin(x, row, w)
        for _ in range(steps):
            right = _column(x, row, w + 2)
            d = load(dy, at)
            first = _outer(left, d, first)
            second = _outer(middle, d, second)
            third = _outer(right, d, third)
            at += channels
            w += stride[1]
            left, middle = (middle, right) if stride[1] == 1 else _begin(x, row, w)
    _keep(first, sums, c, 3 * channels)
    _keep(second, sums, c + channels, 3 * channels)
    _keep(third, sums, c + 2 * channels, 3 * channels)


@helper
def _keep(lanes: Any, sums: Array, at: int, step: int) -> None:
    store(sums, at, lanes[0])
    store(sums, at + step, lanes[1])
    store(sums, at + 2 * step, lanes[2])
