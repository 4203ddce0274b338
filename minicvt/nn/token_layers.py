"""Token layers: what T2T-ViT does to the tokens of a soft split (section 3.1).

A token layer narrows its tokens, 147 or 576 channels to 64: they cannot be added to
what comes out, so the residual around the attention starts from v.
"""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from minicvt import ops
from minicvt.blank import Blank
from minicvt.errors import OptionError
from minicvt.grid import Grid
from minicvt.nn.attention import merge_heads, split_heads
from minicvt.nn.dropping import Dropout
from minicvt.nn.feed_forward import MLP
from minicvt.nn.init import Init
from minicvt.nn.layers import LayerNorm, Linear
from minicvt.nn.module import Module, Parameter
from minicvt.tensor import Tensor


class TokenLayer(Module):
    """T -> MLP(MSA(T)), from ``in_dim`` channels to ``dim`` (equation 1).

    ::

        q, k, v = W_q LN(x), W_k LN(x), W_v LN(x)
        y = v + Drop(W_o mix(q, k, v))
        y <- y + Drop(MLP(LN(y)))

    with one head and an MLP as wide as its input; subclasses say how q, k and v
    ``mix``. ``eps`` is that of both norms.
    """

    bias: ClassVar[bool]
    dropout: ClassVar[float]

    def __init__(
        self,
        in_dim: int,
        dim: int,
        activation: str = "gelu",
        eps: float = 1e-5,
        *,
        init: Init,
    ) -> None:
        bias = self.bias
        self.norm1 = LayerNorm(in_dim, eps, init=init)
        self.proj_q = Linear(in_dim, dim, bias, init=init)
        self.proj_k = Linear(in_dim, dim, bias, init=init)
        self.proj_v = Linear(in_dim, dim, bias, init=init)
        self.proj = Linear(dim, dim, init=init)
        self.norm2 = LayerNorm(dim, eps, init=init)
        self.mlp = MLP(dim, dim, activation, init=init)
        self.drop = Dropout(self.dropout, init=init)

    def forward(self, tokens: Tensor, grid: Grid) -> Tensor:
        """Map ``(B, T, in_dim)`` to ``(B, T, dim)``."""
        x = self.norm1(tokens)
        q, k, v = self.proj_q(x), self.proj_k(x), self.proj_v(x)
        y = v + self.drop(self.proj(self.mix(q, k, v, grid)))
        return y + self.drop(self.mlp(self.norm2(y), grid))

    def mix(self, q: Tensor, k: Tensor, v: Tensor, grid: Grid) -> Tensor:
        """Attend, all ``(B, T, dim)``; subclasses say how."""
        raise NotImplementedError(f"{type(self).__name__} does not mix")


class TokenTransformer(TokenLayer):
    """softmax(q k^T / sqrt(in_dim)) v: T2T-ViT_t.

    The scale is that of the wide input, 147 or 576 channels, not of the 64 that q
    and k have. No bias in q, k and v, no dropout.
    """

    bias, dropout = False, 0.0

    def __init__(self, in_dim: int, dim: int, *choices: Any, init: Init) -> None:
        super().__init__(in_dim, dim, *choices, init=init)
        self.scale = in_dim**-0.5

    def mix(self, q: Tensor, k: Tensor, v: Tensor, grid: Grid) -> Tensor:
        """Attend with one head."""
        heads = (split_heads(x, 1) for x in (q, k, v))
        grids = {"query_grid": grid, "key_grid": grid}
        return merge_heads(ops.attend(*heads, scale=self.scale, **grids))


class TokenPerformer(TokenLayer):
    """Attention by kernel features, linear in the number of tokens: T2T-ViT.

    ::

        phi(x) = exp(w x - |x|^2 / 2) / sqrt(m)
        y_t = phi(q_t) sum_s phi(k_s) v_s^T / (phi(q_t) . sum_s phi(k_s) + 1e-8)

    Performer's positive features (Choromanski et al. 2021): phi(q) . phi(k) stands
    for exp(q . k). The m = dim / 2 rows of w are orthogonal and never trained; they
    have length sqrt(m), where an unbiased estimate needs sqrt(dim). Nothing divides
    q . k by sqrt(dim). Raises ``OptionError`` for a ``dim`` under 2.
    """

    bias, dropout = True, 0.1
    epsilon = 1e-8

    def __init__(self, in_dim: int, dim: int, *choices: Any, init: Init) -> None:
        super().__init__(in_dim, dim, *choices, init=init)
        if dim < 2:
            raise OptionError(f"TokenPerformer: dim must be at least 2, got {dim}")
        self.w = Parameter(orthogonal(dim // 2, dim, init=init), requires_grad=False)

    def features(self, x: Tensor) -> Tensor:
        """phi: ``(B, T, dim)`` to ``(B, T, m)``, all positive."""
        half_square = (x * x).sum(axis=-1, keepdims=True) / 2
        return ops.exp(ops.linear(x, self.w) - half_square) / self.w.shape[0] ** 0.5

    def mix(self, q: Tensor, k: Tensor, v: Tensor, grid: Grid) -> Tensor:
        """Sum over the keys first, so that no T x T scores are ever made."""
        phi_q, phi_k = self.features(q), self.features(k)
        summed = phi_k.sum(axis=1, keepdims=True).transpose(0, 2, 1)
        seen = phi_k.transpose(0, 2, 1) @ v
        return (phi_q @ seen) / (phi_q @ summed + self.epsilon)


def orthogonal(rows: int, columns: int, *, init: Init) -> Any:
    """Draw ``rows`` <= ``columns`` orthogonal rows, each of length sqrt(rows).

    Q of a normal matrix's QR, signs such that R's diagonal is positive: uniform
    among all such rows, as PyTorch draws them.
    """
    normal = init.normal(columns, rows, std=1)
    if isinstance(normal, Blank):
        return Blank((rows, columns), normal.dtype)
    q, r = np.linalg.qr(normal)
    return np.ascontiguousarray((q * np.sign(np.diag(r))).T) * rows**0.5
