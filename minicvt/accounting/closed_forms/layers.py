"""What one layer costs, as on paper: parameters, and multiply-adds for one image.

::

    C, D    channels that come in and go out
    T, S    tokens: queries, and keys with their values
    HW      places of the map that a convolution puts out, its height times its width
    k       kernel; s, where the CvT paper writes s
"""

from __future__ import annotations

from minicvt.errors import ShapeError
from minicvt.models.costs import Cost, Size

Window = tuple[int, int, int]


def linear(T: int, C: int, D: int, bias: bool = True) -> Cost:
    """C D parameters and D biases; T C D multiply-adds."""
    return Cost(C * D + bias * D, T * C * D)


def conv(HW: int, k: int, C: int, D: int, bias: bool = True) -> Cost:
    """k^2 C D parameters and D biases; k^2 C D HW multiply-adds."""
    return Cost(k**2 * C * D + bias * D, k**2 * C * D * HW)


def depthwise(HW: int, k: int, C: int, bias: bool = True) -> Cost:
    """k^2 C parameters and C biases; k^2 C HW multiply-adds."""
    return Cost(k**2 * C + bias * C, k**2 * C * HW)


def norm(C: int) -> Cost:
    """2 C parameters, gain and shift, of LayerNorm or BatchNorm alike."""
    return Cost(2 * C, 0)


def table(numbers: int) -> Cost:
    """Numbers that are looked up or added: no multiply-adds."""
    return Cost(numbers, 0)


def products(T: int, S: int, E: int, C: int) -> Cost:
    """Q K^T and A V: T S E and T S C multiply-adds, however many heads share them."""
    return Cost(0, T * S * (E + C))


def length(n: int, window: Window) -> int:
    """floor((n + 2p - k) / s) + 1, with kernel k, stride s, padding p.

    Equation 1 of CvT, which writes s for the kernel and s - o for the stride, and
    equation 3 of T2T-ViT. Raises ``ShapeError`` where no window fits.
    """
    k, s, p = window
    if min(k, s) < 1 or n < 1 or n + 2 * p < k:
        raise ShapeError(f"kernel {k}, stride {s}, padding {p} do not fit {n} places")
    return (n + 2 * p - k) // s + 1


def ceil_length(n: int, window: Window) -> int:
    """Length of the same where the last window may hang over, as official pooling has.

    ceil((n + 2p - k) / s) + 1, less 1 where that window would see padding alone.
    """
    k, s, p = window
    rounded = length(n, window) + ((n + 2 * p - k) % s > 0)
    return rounded - ((rounded - 1) * s >= n + p)


def through(size: Size, *windows: Window) -> Size:
    """Height and width after one window, then the next."""
    for window in windows:
        size = length(size[0], window), length(size[1], window)
    return size
