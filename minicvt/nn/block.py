"""The block every one of these papers is made of."""

from __future__ import annotations

from minicvt.grid import Grid
from minicvt.nn.dropping import DropPath
from minicvt.nn.init import Init
from minicvt.nn.layers import Conv2d, LayerNorm
from minicvt.nn.module import Module
from minicvt.nn.tokens import flatten, unflatten
from minicvt.tensor import Tensor


class LocalPerception(Conv2d):
    """x <- x + DWConv(x) on the map: CMT's local perception unit (section 3.2)."""

    def __init__(self, dim: int, *, init: Init) -> None:
        super().__init__(dim, dim, 3, padding=1, groups=dim, init=init)

    def forward(self, tokens: Tensor, grid: Grid) -> Tensor:  # type: ignore[override]
        """Keep the shape ``(B, T, dim)``; special tokens pass by."""
        token_map, special = unflatten(tokens, grid)
        return flatten(token_map + super().forward(token_map), special)[0]


class Block(Module):
    """x <- x + attention(LN(x)); x <- x + mlp(LN(x)).

    With ``local`` (CMT) each token adds its neighbours first. Drop path may leave
    either branch out, drawn anew for each. ``drop_sum`` applies the second to
    branch and residual together, so that a whole sample is zero from there on:
    transformers' CvT does so.
    """

    def __init__(
        self,
        dim: int,
        attn: Module,
        mlp: Module,
        drop_path: float = 0.0,
        drop_sum: bool = False,
        eps: float = 1e-5,
        local: bool = False,
        *,
        init: Init,
    ) -> None:
        self.local = LocalPerception(dim, init=init) if local else None
        self.norm1 = LayerNorm(dim, eps, init=init)
        self.attn = attn
        self.norm2 = LayerNorm(dim, eps, init=init)
        self.mlp = mlp
        self.drop_path = DropPath(drop_path, init=init)
        self.drop_sum = drop_sum

    def forward(self, tokens: Tensor, grid: Grid, bias: Tensor | None = None) -> Tensor:
        """Keep the shape ``(B, T, dim)``; ``bias`` (heads, T, S) joins the scores."""
        if self.local is not None:
            tokens = self.local(tokens, grid)
        attended = self.drop_path(self.attn(self.norm1(tokens), grid, bias))
        tokens, normed = self.norm2.of_sum(tokens, attended)
        branch = self.mlp(normed, grid)
        if self.drop_sum:
            return self.drop_path(tokens + branch)
        return tokens + self.drop_path(branch)
