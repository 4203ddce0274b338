"""What one block costs: closed forms in the letters of the papers.

Of CvT's block come out, with s = 3 and its class token (c = 1) or without (c = 0)::

    s^2 C (HW + 2 H_k W_k) + C^2 (2T + 2S) + 2 T S C + 2 M C T     multiply-adds
    3 (s^2 C + 2C) + 4 (C^2 + C) + 4C + 2 M C + M + C              parameters

T = HW + c, S = H_k W_k + c and M = int(r C) wide in the middle.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from minicvt.accounting.closed_forms.layers import (
    ceil_length,
    conv,
    depthwise,
    length,
    linear,
    norm,
    products,
    through,
)
from minicvt.models.architecture import Architecture
from minicvt.models.costs import Cost, Size

Parts = dict[str, list[Cost]]

KERNEL = 3
"""s of CvT's projections."""


@dataclass(frozen=True)
class Letters:
    """The letters of one stage.

    C channels on HW places and with c special tokens; R the stride or reduction of
    keys and values, which lie on H_k W_k places; M the MLP's width, h heads. E
    channels have q and k, usually C.
    """

    C: int
    HW: int
    HW_k: int
    c: int
    R: int
    M: int
    h: int
    E: int

    @property
    def T(self) -> int:
        """Tokens, and queries."""
        return self.HW + self.c

    @property
    def S(self) -> int:
        """Keys, and values."""
        return self.HW_k + self.c


def letters(config: Architecture, stage: int, size: Size) -> Letters:
    """Read the letters off a configuration whose stage has a map of this size."""
    c, i = config, stage
    keys = key_size(c.projection[i], c.kv_stride[i], size)
    return Letters(
        C=c.dims[i],
        HW=size[0] * size[1],
        HW_k=keys[0] * keys[1],
        c=len(c.special_tokens(i)),
        R=c.kv_stride[i],
        M=int(c.dims[i] * c.mlp_ratios[i]),
        h=c.heads[i],
        E=c.dims[i] // c.qk_ratio,
    )


def key_size(projection: str, R: int, size: Size) -> Size:
    """Height and width of the keys: about R^2 times fewer than queries."""
    if projection == "linear":
        return size
    if projection in ("sr", "dw_sr"):
        return through(size, (R, R, 0))
    rule: Callable[..., int] = ceil_length if projection == "avg" else length
    height, width = (rule(n, (KERNEL, R, KERNEL // 2)) for n in size)
    return height, width


def block(config: Architecture, stage: int, of: Letters) -> Parts:
    """List the layers of each part of one block."""
    c, i = config, stage
    return {
        "local perception": [depthwise(of.HW, 3, of.C)] if c.local[i] else [],
        "LayerNorm": [norm(of.C), norm(of.C)],
        "convolutional projection": projection(c.projection[i], c.shared, of),
        "q, k, v linear": pointwise(c.projection[i], c.qkv_bias, of),
        "attention products": [products(of.T, of.S, of.E, of.C)],
        "output linear": [linear(of.T, of.C, of.C)],
        "MLP": feed_forward(c.ffn[i], c.ffn_kernel, c.ffn_norm, of),
    }


def projection(method: str, shared: str, of: Letters) -> list[Cost]:
    """Convolution and norm before the linear maps.

    CvT: s^2 C HW multiply-adds for q and s^2 C H_k W_k each for k and v, 3 (s^2 C +
    2C) parameters. Dense: s^2 C^2 in the place of both halves; special tokens meet the
    centre of the kernel alone. PVT: R^2 C^2 H_k W_k, whatever R is C^2 HW. CMT: R^2 C
    H_k W_k. Shared by q, k and v there is one, at stride 1.
    """
    s, C = KERNEL, of.C
    if method == "dw_bn":
        runs = {"none": (of.HW, of.HW_k, of.HW_k), "kv": (of.HW, of.HW_k)}
        places = runs.get(shared, (of.HW,))
        return [cost for n in places for cost in (depthwise(n, s, C, False), norm(C))]
    if method == "dense":
        special = [Cost(0, of.c * C**2)] * 3
        return [conv(n, s, C, C) for n in (of.HW, of.HW_k, of.HW_k)] + special
    if method == "sr" and of.R > 1:
        return [conv(of.HW_k, of.R, C, C), norm(C)]
    if method == "dw_sr" and of.R > 1:
        return [depthwise(of.HW_k, of.R, C), norm(C)]
    return []


def pointwise(method: str, bias: bool, of: Letters) -> list[Cost]:
    """C E T for q, C E S for k, C^2 S for v; a dense projection has them inside."""
    if method == "dense":
        return []
    shapes = ((of.T, of.E), (of.S, of.E), (of.S, of.C))
    return [linear(n, of.C, width, bias) for n, width in shapes]


def feed_forward(method: str, kernel: int, norms: bool, of: Letters) -> list[Cost]:
    """2 M C T; CeiT's and CMT's go past special tokens: (2 M C + k^2 M) HW."""
    if method == "mlp":
        return [linear(of.T, of.C, of.M), linear(of.T, of.M, of.C)]
    return [
        linear(of.HW, of.C, of.M),
        depthwise(of.HW, kernel, of.M),
        linear(of.HW, of.M, of.C),
        *([norm(of.M), norm(of.M), norm(of.C)] if norms else []),
    ]
