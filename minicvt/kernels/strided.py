"""Maps as NumPy slides a window over them: padded, then one strided view per tap."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from minicvt.kernels.types import Array, Pair


def pad(x: Array, padding: Pair, after: Pair | None = None, value: float = 0) -> Array:
    """Surround maps (B, H, W, C) with ``value``; ``after`` is the end's, if other."""
    (ph, pw), (eh, ew) = padding, after or padding
    return np.pad(x, ((0, 0), (ph, eh), (pw, ew), (0, 0)), constant_values=value)


def unpad(padded: Array, size: Pair, padding: Pair) -> Array:
    """Copy the maps of ``size`` out of what `pad` put around them."""
    (ph, pw), (height, width) = padding, size
    return padded[:, ph : ph + height, pw : pw + width].copy()


def taps(
    padded: Array, kernel: Pair, stride: Pair, output: Pair
) -> Iterator[tuple[int, int, Array]]:
    """Yield u, v and the view padded[:, i*sh + u, j*sw + v] of every tap (u, v)."""
    (sh, sw), (rows, cols) = stride, output
    for u, v in np.ndindex(kernel):
        yield u, v, padded[:, u : u + rows * sh : sh, v : v + cols * sw : sw]
