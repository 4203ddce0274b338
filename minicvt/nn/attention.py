"""Multi-head attention whose q, k and v may see the map first."""

from __future__ import annotations

from minicvt import ops
from minicvt.errors import OptionError
from minicvt.grid import Grid
from minicvt.nn.dropping import Dropout
from minicvt.nn.init import Init
from minicvt.nn.layers import Linear
from minicvt.nn.module import Module
from minicvt.nn.projection import Dense, conv_projection
from minicvt.tensor import Tensor


def split_heads(tokens: Tensor, heads: int) -> Tensor:
    """Cut channels ``(B, T, h * d)`` into heads ``(B, h, T, d)``.

    Reshape, then transpose: channels of one head are neighbours in memory. A
    reshape straight to ``(B, h, T, d)`` would deal tokens out to the heads.
    """
    batch, count, dim = tokens.shape
    return tokens.reshape(batch, count, heads, dim // heads).transpose(0, 2, 1, 3)


def merge_heads(heads: Tensor) -> Tensor:
    """Undo :func:`split_heads`: ``(B, h, T, d)`` to ``(B, T, h * d)``."""
    batch, count, tokens, width = heads.shape
    return heads.transpose(0, 2, 1, 3).reshape(batch, tokens, count * width)


class Attention(Module):
    """softmax(scale q k^T) v over heads, then a Linear (CvT section 3.2).

    x^{q/k/v} = Linear(Flatten(Conv(Reshape2D(x)))), equation 2, with a projection
    of its own for each. ``scale`` is "dim" for dim^-0.5 as in the official CvT, or
    "head_dim" for (dim / heads)^-0.5 as in most papers. With ``kv_stride`` 2 there
    are about four times fewer keys and values than queries.
    """

    def __init__(
        self,
        dim: int,
        heads: int,
        projection: str = "dw_bn",
        kv_stride: int = 2,
        scale: str = "dim",
        qkv_bias: bool = True,
        dropout: float = 0.0,
        *,
        init: Init,
    ) -> None:
        if heads < 1 or dim % heads:
            raise OptionError(f"Attention: {heads} heads do not divide dim {dim}")
        self.heads = heads
        self.scale = scaling(scale, dim, heads)
        roles = (("q", "q", 1), ("k", "kv", kv_stride), ("v", "kv", kv_stride))
        for name, role, stride in roles:
            source = conv_projection(projection, dim, stride, role, init=init)
            setattr(self, f"conv_proj_{name}", source)
        if projection != "dense":
            for name, _, _ in roles:
                setattr(self, f"proj_{name}", Linear(dim, dim, qkv_bias, init=init))
        self.proj = Linear(dim, dim, init=init)
        self.drop = Dropout(dropout, init=init)

    def project(self, name: str, tokens: Tensor, grid: Grid) -> tuple[Tensor, Grid]:
        """Return q, k or v as heads ``(B, h, T, d)``, and where its tokens lie."""
        source = getattr(self, f"conv_proj_{name}")
        tokens, grid = source(tokens, grid)
        if not isinstance(source, Dense):
            tokens = getattr(self, f"proj_{name}")(tokens)
        return split_heads(tokens, self.heads), grid

    def forward(self, tokens: Tensor, grid: Grid) -> Tensor:
        """Keep the shape ``(B, T, dim)``."""
        q, query_grid = self.project("q", tokens, grid)
        k, key_grid = self.project("k", tokens, grid)
        v, _ = self.project("v", tokens, grid)
        grids = {"query_grid": query_grid, "key_grid": key_grid}
        heads = ops.attend(q, k, v, scale=self.scale, **grids)
        return self.drop(self.proj(merge_heads(heads)))


def scaling(scale: str, dim: int, heads: int) -> float:
    """Factor before the softmax: "dim" or "head_dim", to the power -0.5."""
    widths = {"dim": dim, "head_dim": dim // heads}
    if scale not in widths:
        raise OptionError(f"scale must be 'dim' or 'head_dim', got {scale!r}")
    return float(widths[scale] ** -0.5)
