"""What a model takes: a batch of images, channels last."""

from __future__ import annotations

from typing import Any

import numpy as np

from minicvt.errors import DtypeError, ShapeError
from minicvt.tensor import Tensor


def as_images(images: Any, in_chans: int, dtype: Any) -> Tensor:
    """Check a batch ``(B, H, W, in_chans)`` and return it as a Tensor of ``dtype``.

    Floating arrays are cast. Integers raise ``DtypeError`` (0..255 or 0..1 is for
    the caller to decide), and so do Tensors of another dtype and what is no array.
    """
    if not isinstance(images, Tensor | np.ndarray):
        raise DtypeError(f"images should be an array, got {type(images).__name__}")
    if len(images.shape) != 4 or images.shape[3] != in_chans:
        raise ShapeError(
            f"images should be (B, H, W, {in_chans}), got {tuple(images.shape)}"
            + _nchw_hint(images.shape, in_chans)
        )
    if isinstance(images, Tensor) and images.dtype == dtype:
        return images
    if isinstance(images, Tensor) or not np.issubdtype(images.dtype, np.floating):
        raise DtypeError(f"images should be {dtype}, got {images.dtype}")
    return Tensor(images.astype(dtype, copy=False))


def _nchw_hint(shape: Any, in_chans: int) -> str:
    looks = len(shape) == 4 and shape[1] == in_chans
    return "; for (B, C, H, W) use minicvt.from_nchw(images)" if looks else ""
