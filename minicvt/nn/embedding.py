"""Convolutional token embedding (CvT section 3.1)."""

from __future__ import annotations

from typing import Any

from minicvt.nn.init import Init
from minicvt.nn.layers import Conv2d, LayerNorm
from minicvt.nn.module import Module
from minicvt.tensor import Tensor


class ConvEmbed(Module):
    """An overlapping convolution, then LayerNorm: image or map to a token map.

    Kernel k, stride s and padding p give floor((H + 2p - k) / s) + 1 rows
    (equation 1). Patches of ViT are k = s = P, p = 0.
    """

    def __init__(
        self,
        in_chans: int,
        dim: int,
        kernel: Any,
        stride: Any,
        padding: Any,
        *,
        init: Init,
    ) -> None:
        self.proj = Conv2d(in_chans, dim, kernel, stride, padding, init=init)
        self.norm = LayerNorm(dim, init=init)

    def forward(self, x: Tensor) -> Tensor:
        """Map ``(B, H, W, in_chans)`` to ``(B, H', W', dim)``."""
        return self.norm(self.proj(x))
