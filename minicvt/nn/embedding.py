"""From pixels or a map to a token map: patches, and CvT's token embedding."""

from __future__ import annotations

from typing import Any

from minicvt.nn.init import Init
from minicvt.nn.layers import Conv2d, LayerNorm
from minicvt.nn.module import Module
from minicvt.tensor import Tensor


class ConvEmbed(Module):
    """A convolution, then perhaps LayerNorm: image or map to a token map.

    Kernel k, stride s and padding p give floor((H + 2p - k) / s) + 1 rows (CvT
    equation 1). CvT's windows overlap (section 3.1); patches of ViT are k = s = P,
    p = 0, without a norm (``eps`` None).
    """

    def __init__(
        self,
        in_chans: int,
        dim: int,
        kernel: Any,
        stride: Any,
        padding: Any,
        eps: float | None = 1e-5,
        *,
        init: Init,
    ) -> None:
        self.proj = Conv2d(in_chans, dim, kernel, stride, padding, init=init)
        self.norm = None if eps is None else LayerNorm(dim, eps, init=init)

    def forward(self, x: Tensor) -> Tensor:
        """Map ``(B, H, W, in_chans)`` to ``(B, H', W', dim)``."""
        token_map = self.proj(x)
        return token_map if self.norm is None else self.norm(token_map)
