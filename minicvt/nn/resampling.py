"""Position tables resized to another grid, each paper's own way.

A table learned for one grid of tokens serves another by interpolation. Every way
found in these papers is linear and separable: one small matrix for the rows of the
grid, one for the columns::

    X' = R_h X R_w^T,    R[i, clamp(j)] += k(s_i - j)   for all whole j

Place i of the new grid lies at s_i on the old one, the kernel k weighs the old
places around it, and those beyond the edge repeat the edge.

========  ==========================  ==========  ===================================
method    s_i                         k           where
========  ==========================  ==========  ===================================
bilinear  (i + 1/2) old/new - 1/2     triangle    PVT, at every forward (PyTorch)
bicubic   (i + 1/2) old/new - 1/2     cubic       DeiT and T2T, at loading (PyTorch)
zoom      i (old - 1) / (new - 1)     triangle    ViT, at loading (scipy.ndimage)
========  ==========================  ==========  ===================================

PyTorch's two keep the centres of the pixels in place (``align_corners=False``, no
antialiasing), scipy's the corners of the grid. At a few sizes (24 to 22) rounding
puts scipy's last place beyond the edge, and scipy answers 0; here it is the edge.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from minicvt import ops
from minicvt.errors import ShapeError, unknown
from minicvt.grid import Grid
from minicvt.nn.tokens import flatten, unflatten
from minicvt.tensor import Tensor

REACH = 2  # no kernel is wider: places -2 .. old + 1 are all that one can touch


def centred(old: int, new: int) -> Any:
    """Return s_i = (i + 1/2) old/new - 1/2: centres of pixels stay in place."""
    return (np.arange(new) + 0.5) * (old / new) - 0.5


def cornered(old: int, new: int) -> Any:
    """Return s_i = i (old - 1) / (new - 1): first on first, last on last."""
    return np.arange(new) * ((old - 1) / max(new - 1, 1))


def triangle(x: Any) -> Any:
    """k(x) = max(0, 1 - |x|): linear interpolation."""
    return np.maximum(0, 1 - np.abs(x))


def cubic(x: Any, a: float = -0.75) -> Any:
    """Cubic convolution (Keys 1981), with PyTorch's a = -0.75.

    k(x) = (a + 2)|x|^3 - (a + 3)|x|^2 + 1 up to 1, a|x|^3 - 5a|x|^2 + 8a|x| - 4a
    up to 2, then 0.
    """
    x = np.abs(x)
    near = ((a + 2) * x - (a + 3)) * x * x + 1
    far = a * (((x - 5) * x + 8) * x - 4)
    return np.where(x <= 1, near, np.where(x < REACH, far, 0))


METHODS: dict[str, tuple[Callable[..., Any], Callable[..., Any]]] = {
    "bilinear": (centred, triangle),
    "bicubic": (centred, cubic),
    "zoom": (cornered, triangle),
}
"""Where a new place lies on the old grid, and how it weighs the old ones around."""


def weights(method: str, old: int, new: int, dtype: Any = "float64") -> Any:
    """Return R ``(new, old)`` of one axis, each row summing to 1.

    Raises ``UnknownName``, and ``ShapeError`` for an axis without places.
    """
    if method not in METHODS:
        raise unknown("resampling", method, METHODS)
    if min(old, new) < 1:
        raise ShapeError(f"resampling: {old} places to {new}, expected at least one")
    place, kernel = METHODS[method]
    around = np.arange(-REACH, old + REACH)
    wide = kernel(place(old, new)[:, None] - around)
    inside = wide[:, REACH:-REACH]
    inside[:, 0] += wide[:, :REACH].sum(axis=1)
    inside[:, -1] += wide[:, -REACH:].sum(axis=1)
    return inside.astype(dtype)


def resample(table: Tensor, old: Grid, new: Grid, method: str) -> Tensor:
    """Resize ``(1, n + H W, C)`` to ``(1, n + H' W', C)``, differentiably.

    The n special rows stay as they are, and so does the table where the grids are
    the same. Raises ``UnknownName``, or ``ShapeError`` when the table does not fill
    the old grid or the grids differ in special tokens.
    """
    if old.special != new.special:
        raise ShapeError(f"resampling: {old} tokens to {new}, other special tokens")
    if old == new:
        return table
    places, special = unflatten(table, old)
    down = weights(method, old.height, new.height, table.dtype)
    across = weights(method, old.width, new.width, table.dtype)
    channels = table.shape[2]
    rows = ops.matmul(down, places.reshape(old.height, old.width * channels))
    resized = ops.matmul(across, rows.reshape(1, new.height, old.width, channels))
    return flatten(resized, special)[0]
