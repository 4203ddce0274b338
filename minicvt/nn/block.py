"""The feed-forward part, and the block every one of these papers is made of."""

from __future__ import annotations

from minicvt import ops
from minicvt.errors import unknown
from minicvt.grid import Grid
from minicvt.nn.dropping import Dropout, DropPath
from minicvt.nn.init import Init
from minicvt.nn.layers import LayerNorm, Linear
from minicvt.nn.module import Module
from minicvt.tensor import Tensor

ACTIVATIONS = {
    "gelu": ops.gelu,
    "gelu_tanh": ops.gelu_tanh,
    "quick_gelu": ops.quick_gelu,
    "silu": ops.silu,
    "relu": ops.relu,
}


class MLP(Module):
    """Linear, activation, Linear, on each token by itself."""

    def __init__(
        self,
        dim: int,
        hidden: int,
        activation: str = "gelu",
        dropout: float = 0.0,
        *,
        init: Init,
    ) -> None:
        if activation not in ACTIVATIONS:
            raise unknown("activation", activation, ACTIVATIONS)
        self.fc1 = Linear(dim, hidden, init=init)
        self.fc2 = Linear(hidden, dim, init=init)
        self.activation = ACTIVATIONS[activation]
        self.drop = Dropout(dropout, init=init)

    def forward(self, x: Tensor) -> Tensor:
        """Keep the shape ``(..., dim)``."""
        hidden = self.drop(self.activation(self.fc1(x)))
        return self.drop(self.fc2(hidden))


class Block(Module):
    """x <- x + attention(LN(x)); x <- x + mlp(LN(x)).

    Drop path may leave either branch out, drawn anew for each. ``drop_sum`` applies
    the second to branch and residual together, so that a whole sample is zero from
    there on: transformers' CvT does so.
    """

    def __init__(
        self,
        dim: int,
        attn: Module,
        mlp: Module,
        drop_path: float = 0.0,
        drop_sum: bool = False,
        *,
        init: Init,
    ) -> None:
        self.norm1 = LayerNorm(dim, init=init)
        self.attn = attn
        self.norm2 = LayerNorm(dim, init=init)
        self.mlp = mlp
        self.drop_path = DropPath(drop_path, init=init)
        self.drop_sum = drop_sum

    def forward(self, tokens: Tensor, grid: Grid) -> Tensor:
        """Keep the shape ``(B, T, dim)``."""
        tokens = tokens + self.drop_path(self.attn(self.norm1(tokens), grid))
        branch = self.mlp(self.norm2(tokens))
        if self.drop_sum:
            return self.drop_path(tokens + branch)
        return tokens + self.drop_path(branch)
