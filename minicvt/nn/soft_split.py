"""Soft splits: the tokens-to-token stem of T2T-ViT (section 3.1).

::

    T_1 = SS(I_0);   T'_i = MLP(MSA(T_i));   I_i = Reshape(T'_i);   T_{i+1} = SS(I_i)

(equations 1, 2 and 4). A soft split SS cuts a map into k x k patches that overlap by
s, padded by p, and makes each a token of length c k^2 (equation 3)::

    l_o = floor((h + 2p - k) / (k - s) + 1) * floor((w + 2p - k) / (k - s) + 1)

with k = 7, 3, 3 and s = 3, 1, 1. Our windows have the stride k - s in place of the
overlap. MLP(MSA(T)) is a token layer (:mod:`minicvt.nn.token_layers`).
"""

from __future__ import annotations

from typing import Any

from minicvt import ops
from minicvt.errors import unknown
from minicvt.grid import Grid
from minicvt.nn.init import Init
from minicvt.nn.module import Module
from minicvt.nn.token_layers import TokenPerformer, TokenTransformer
from minicvt.nn.tokens import unflatten
from minicvt.tensor import Tensor

SPLITS = ((7, 4, 2), (3, 2, 1))
"""Kernel, stride, padding before each token layer; the third split is a convolution."""


def soft_split(
    x: Tensor, kernel: int, stride: int, padding: int
) -> tuple[Tensor, Grid]:
    """Make each window a token: ``(B, H, W, C)`` to ``(B, H' W', C k^2)``.

    Its channels are in the order (channel, row, column), as PyTorch unfolds: a
    Linear on it is the convolution with the weight reshaped to (out, C, k, k).
    """
    windows = ops.im2col(x, kernel=kernel, stride=stride, padding=padding)
    batch, height, width = windows.shape[:3]
    channels_first = windows.transpose(0, 1, 2, 5, 3, 4)
    tokens = channels_first.reshape(batch, height * width, x.shape[3] * kernel**2)
    return tokens, Grid(height, width)


TOKEN_LAYERS: dict[str, type[Any]] = {
    "performer": TokenPerformer,
    "transformer": TokenTransformer,
}


class SoftSplit(Module):
    """Two soft splits, each with a token layer: an eighth of the height and width.

    ``kind`` is "performer" or "transformer"; others raise ``UnknownName``. The third
    split and its Linear are together the convolution k = 3, stride 2, padding 1 that
    embeds the tokens of the backbone, and not in here. ``activation`` and ``eps`` are
    those of the token layers.
    """

    def __init__(
        self,
        in_chans: int,
        dim: int,
        kind: str = "performer",
        activation: str = "gelu",
        eps: float = 1e-5,
        *,
        init: Init,
    ) -> None:
        if kind not in TOKEN_LAYERS:
            raise unknown("token layer", kind, TOKEN_LAYERS)
        layer = TOKEN_LAYERS[kind]
        (first, *_), (second, *_) = SPLITS
        choices = (dim, activation, eps)
        self.attention1 = layer(in_chans * first**2, *choices, init=init)
        self.attention2 = layer(dim * second**2, *choices, init=init)

    def forward(self, x: Tensor) -> Tensor:
        """Map ``(B, H, W, in_chans)`` to ``(B, H'', W'', dim)``, equation 3 twice."""
        layers = (self.attention1, self.attention2)
        for layer, window in zip(layers, SPLITS, strict=True):
            tokens, grid = soft_split(x, *window)
            x, _ = unflatten(layer(tokens, grid), grid)
        return x
