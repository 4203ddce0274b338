"""Feed-forward parts: on each token by itself, or with its neighbours in the middle."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from minicvt import ops
from minicvt.errors import OptionError, unknown
from minicvt.grid import Grid
from minicvt.nn.dropping import Dropout
from minicvt.nn.init import Init
from minicvt.nn.layers import BatchNorm2d, Conv2d, Linear, Pointwise
from minicvt.nn.module import Module
from minicvt.nn.tokens import flatten, unflatten
from minicvt.tensor import Tensor

ACTIVATIONS = {
    "gelu": ops.gelu,
    "gelu_tanh": ops.gelu_tanh,
    "quick_gelu": ops.quick_gelu,
    "silu": ops.silu,
    "relu": ops.relu,
}
METHODS = ("mlp", "leff", "irffn")


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
        self.fc1 = Linear(dim, hidden, init=init)
        self.fc2 = Linear(hidden, dim, init=init)
        self.activation = activation_named(activation)
        self.drop = Dropout(dropout, init=init)

    def forward(self, x: Tensor, grid: Grid | None = None) -> Tensor:
        """Keep the shape ``(..., dim)``; where tokens lie does not matter."""
        hidden = self.drop(self.activation(self.fc1(x)))
        return self.drop(self.fc2(hidden))


class NoNorm(Module):
    """What stands where a BatchNorm is left out."""

    def __init__(self, dim: int, *, init: Init) -> None:
        pass

    def forward(self, x: Tensor) -> Tensor:
        """Return it unchanged."""
        return x


class ConvMLP(Module):
    """Widen, look around with a depthwise convolution, narrow: a BatchNorm at each.

    ========  =====================  ==========================  ==============
    LeFF      h = g(BN(W1 x))        z = g(BN(DW h))             y = BN(W2 z)
    inverted  h = BN(g(W1 x))        z = BN(g(DW h + h))         y = BN(W2 z)
    ========  =====================  ==========================  ==============

    LeFF is CeiT's, without the g after the last BN that the paper's equation has
    and its code has not. The inverted residual one is CMT's (its IRFFN). Special
    tokens have no neighbours and leave as they came. Another odd ``kernel`` than 3,
    and no BatchNorm (``norm=False``), are options of CeiT's code. Raises
    ``OptionError`` for an even kernel, after which the map has another size.
    """

    def __init__(
        self,
        dim: int,
        hidden: int,
        activation: str = "gelu",
        inverted: bool = False,
        kernel: int = 3,
        norm: bool = True,
        *,
        init: Init,
    ) -> None:
        if kernel < 1 or kernel % 2 == 0:
            raise OptionError(f"ConvMLP: the kernel should be odd, got {kernel}")
        batch_norm = BatchNorm2d if norm else NoNorm
        self.fc1 = Pointwise(dim, hidden, init=init)
        self.bn1 = batch_norm(hidden, init=init)
        self.conv = Conv2d(
            hidden, hidden, kernel, padding=kernel // 2, groups=hidden, init=init
        )
        self.bn2 = batch_norm(hidden, init=init)
        self.fc2 = Pointwise(hidden, dim, init=init)
        self.bn3 = batch_norm(dim, init=init)
        self.activation = activation_named(activation)
        self.inverted = inverted

    def forward(self, tokens: Tensor, grid: Grid) -> Tensor:
        """Keep the shape ``(B, T, dim)``."""
        x, special = unflatten(tokens, grid)
        g = self.activation
        if self.inverted:
            h = self.bn1(g(self.fc1(x)))
            z = self.bn2(g(self.conv(h) + h))
        else:
            h = g(self.bn1(self.fc1(x)))
            z = g(self.bn2(self.conv(h)))
        return flatten(self.bn3(self.fc2(z)), special)[0]


def feed_forward(
    method: str,
    dim: int,
    hidden: int,
    activation: str = "gelu",
    dropout: float = 0.0,
    kernel: int = 3,
    norm: bool = True,
    *,
    init: Init,
) -> Module:
    """Build an "mlp", CeiT's "leff" or CMT's "irffn".

    ``kernel`` and ``norm`` are for what is in the middle of the latter two, see
    :class:`ConvMLP`. Raises ``UnknownName`` for others, and ``OptionError`` for dropout
    with a convolution, which no paper has.
    """
    if method not in METHODS:
        raise unknown("feed-forward", method, METHODS)
    if method == "mlp":
        return MLP(dim, hidden, activation, dropout, init=init)
    if dropout:
        raise OptionError(f"ffn={method!r} has no dropout, got {dropout}")
    return ConvMLP(dim, hidden, activation, method == "irffn", kernel, norm, init=init)


def activation_named(name: str) -> Callable[[Tensor], Any]:
    """Look up an activation; unknown names raise ``UnknownName``."""
    if name not in ACTIVATIONS:
        raise unknown("activation", name, ACTIVATIONS)
    return ACTIVATIONS[name]
