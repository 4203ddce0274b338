"""Getting images into the layout used everywhere here: channels last."""

from __future__ import annotations

from typing import Any

import numpy as np

from minicvt.errors import ShapeError


def from_nchw(images: Any) -> Any:
    """Turn ``(B, C, H, W)`` into ``(B, H, W, C)``, contiguous."""
    images = np.asarray(images)
    if images.ndim != 4:
        raise ShapeError(f"from_nchw: expected (B, C, H, W), got {images.shape}")
    return np.ascontiguousarray(images.transpose(0, 2, 3, 1))


def to_nchw(images: Any) -> Any:
    """Turn ``(B, H, W, C)`` into ``(B, C, H, W)``, contiguous."""
    images = np.asarray(images)
    if images.ndim != 4:
        raise ShapeError(f"to_nchw: expected (B, H, W, C), got {images.shape}")
    return np.ascontiguousarray(images.transpose(0, 3, 1, 2))
