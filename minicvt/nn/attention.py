"""Multi-head attention whose q, k and v may see the map first."""

from __future__ import annotations

from minicvt import ops
from minicvt.errors import OptionError, unknown
from minicvt.grid import Grid
from minicvt.nn.dropping import Dropout
from minicvt.nn.init import Init
from minicvt.nn.layers import Linear
from minicvt.nn.module import Module
from minicvt.nn.projection import REDUCTIONS, Dense, conv_projection, subsample
from minicvt.nn.tokens import laid_out_once
from minicvt.tensor import Tensor

SOURCES = {
    "none": {"q": "q", "k": "k", "v": "v"},
    "kv": {"q": "q", "k": "kv", "v": "kv"},
    "qkv": {"q": "qkv", "k": "qkv", "v": "qkv"},
}
"""Which convolution q, k and v each come from: nothing shared, k with v, or all."""


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
    """softmax(scale q k^T + bias) v over heads, then a Linear: every paper's.

    They differ in what q, k and v are linear maps of (``projection``, see
    :mod:`minicvt.nn.projection`): CvT's equation 2 has x^{q/k/v} =
    Linear(Flatten(Conv(Reshape2D(x)))) with a convolution of its own for each, or
    one ``shared`` by "kv" or "qkv" (see ``SOURCES``). ``scale`` is "dim" for
    dim^-0.5 as in the official CvT, or "head_dim" for (dim / heads)^-0.5 as in most
    papers. With ``kv_stride`` R there are about R^2 times fewer keys and values
    than queries. ``qk_ratio`` makes q and k so many times narrower than v, which the
    scale does not see (an option of CMT's code). ``eps`` is that of the LayerNorm in
    "sr". Raises ``OptionError``.
    """

    def __init__(
        self,
        dim: int,
        heads: int,
        projection: str = "dw_bn",
        kv_stride: int = 2,
        scale: str = "dim",
        qkv_bias: bool = True,
        shared: str = "none",
        dropout: float = 0.0,
        eps: float = 1e-5,
        qk_ratio: int = 1,
        *,
        init: Init,
    ) -> None:
        if heads < 1 or dim % heads:
            raise OptionError(f"Attention: {heads} heads do not divide dim {dim}")
        self.heads = heads
        widths = qkv_widths(dim, heads, qk_ratio, projection)
        self.scale = scaling(scale, dim, heads)
        self.kv_stride = kv_stride
        self.shared = sources(shared, projection)
        for name in dict.fromkeys(self.shared.values()):
            role, stride = ("q", 1) if "q" in name else ("kv", kv_stride)
            source = conv_projection(projection, dim, stride, role, eps, init=init)
            setattr(self, f"conv_proj_{name}", source)
        if projection != "dense":
            for name, width in widths.items():
                setattr(self, f"proj_{name}", Linear(dim, width, qkv_bias, init=init))
        self.proj = Linear(dim, dim, init=init)
        self.drop = Dropout(dropout, init=init)

    def convolve(self, tokens: Tensor, grid: Grid) -> dict[str, tuple[Tensor, Grid]]:
        """Return what q, k and v are linear maps of, and where its tokens lie.

        One convolution shared by all three runs at stride 1; k and v then take the
        places that stride would have visited.
        """
        with laid_out_once():
            made: dict[str, tuple[Tensor, Grid]] = {
                name: getattr(self, f"conv_proj_{name}")(tokens, grid)
                for name in dict.fromkeys(self.shared.values())
            }
        if "qkv" in made:
            made["kv"] = subsample(*made["qkv"], self.kv_stride)
            return {"q": made["qkv"], "k": made["kv"], "v": made["kv"]}
        return {name: made[source] for name, source in self.shared.items()}

    def project(self, name: str, tokens: Tensor) -> Tensor:
        """Return q, k or v as heads ``(B, h, T, d)``: the point-wise half."""
        dense = isinstance(getattr(self, f"conv_proj_{self.shared[name]}"), Dense)
        linear = tokens if dense else getattr(self, f"proj_{name}")(tokens)
        return split_heads(linear, self.heads)

    def forward(self, tokens: Tensor, grid: Grid, bias: Tensor | None = None) -> Tensor:
        """Keep the shape ``(B, T, dim)``; ``bias`` (heads, T, S) joins the scores."""
        seen = self.convolve(tokens, grid)
        q, k, v = (self.project(name, seen[name][0]) for name in "qkv")
        grids = {"query_grid": seen["q"][1], "key_grid": seen["k"][1]}
        heads = ops.attend(q, k, v, bias, scale=self.scale, **grids)
        return self.drop(self.proj(merge_heads(heads)))


def sources(shared: str, projection: str) -> dict[str, str]:
    """Look up ``SOURCES``; of CvT's, only depthwise convolutions can be shared."""
    if shared not in SOURCES:
        raise unknown("sharing", shared, SOURCES)
    if projection in REDUCTIONS:
        return SOURCES["kv"]
    if shared != "none" and projection != "dw_bn":
        raise OptionError(f"shared={shared!r} needs 'dw_bn', got {projection!r}")
    return SOURCES[shared]


def qkv_widths(dim: int, heads: int, qk_ratio: int, projection: str) -> dict[str, int]:
    """Channels of q, k and v; raises ``OptionError`` where q and k cannot be narrower.

    Dense convolutions keep their channels.
    """
    if qk_ratio < 1 or dim % (heads * qk_ratio):
        raise OptionError(f"qk_ratio {qk_ratio} leaves {heads} heads no width of {dim}")
    if qk_ratio > 1 and projection == "dense":
        raise OptionError(f"qk_ratio {qk_ratio} needs another projection than 'dense'")
    return {"q": dim // qk_ratio, "k": dim // qk_ratio, "v": dim}


def scaling(scale: str, dim: int, heads: int) -> float:
    """Factor before the softmax: "dim" or "head_dim", to the power -0.5."""
    widths = {"dim": dim, "head_dim": dim // heads}
    if scale not in widths:
        raise OptionError(f"scale must be 'dim' or 'head_dim', got {scale!r}")
    return float(widths[scale] ** -0.5)
