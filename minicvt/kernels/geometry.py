"""How large a map is after a window has slid over it."""

from __future__ import annotations

from minicvt.kernels.types import Pair


def output_size(
    size: int, kernel: int, stride: int, padding: int, ceil_mode: bool = False
) -> int:
    """Return how many windows fit on one axis: floor((n + 2*p - k) / s) + 1.

    CvT's equation 1 with its stride s and padding p.  With ``ceil_mode`` the last
    window may hang over the end, PyTorch's rule: o = ceil((n + 2*p - k) / s) + 1,
    less 1 if that window would start in the padding, (o - 1)*s >= n + p.
    """
    free = size + 2 * padding - kernel
    if not ceil_mode:
        return free // stride + 1
    windows = -(-free // stride) + 1
    return windows - 1 if (windows - 1) * stride >= size + padding else windows


def map_size(
    size: Pair, kernel: Pair, stride: Pair, padding: Pair, ceil_mode: bool = False
) -> Pair:
    """Return `output_size` of both axes: (H, W) to (Ho, Wo)."""
    return (
        output_size(size[0], kernel[0], stride[0], padding[0], ceil_mode),
        output_size(size[1], kernel[1], stride[1], padding[1], ceil_mode),
    )
