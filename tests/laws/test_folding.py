"""BatchNorm folds into the convolution before it, and not into the Linear behind.

In evaluation BN(y) = g y + h with g = gamma / sigma and h = beta - mean g.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from minicvt import Tensor, no_grad, ops
from minicvt.grid import Grid
from minicvt.nn import Attention, Conv2d, Init, Module, flatten, unflatten
from minicvt.nn.projection import KERNEL, PADDING
from tests.laws.parts import made
from tests.nn.comparing import normal
from tests.oracle import relative_error

DIM = 8
EXACT = 1e-14

grids = st.builds(Grid, st.integers(3, 7), st.integers(2, 8), st.integers(0, 2))


def affine(bn: Any) -> tuple[Any, Any]:
    """Return g and h."""
    factor = bn.weight.numpy() / np.sqrt(bn.running_var + bn.eps)
    return factor, bn.bias.numpy() - bn.running_mean * factor


class Filter(Module):
    """A depthwise convolution alone; special tokens pass by."""

    def __init__(self, weight: Any, bias: Any, stride: int) -> None:
        window = {"stride": stride, "padding": PADDING, "groups": len(weight)}
        conv = Conv2d(DIM, DIM, KERNEL, init=Init("float64"), **window)
        conv.weight.assign(weight)
        conv.bias.assign(bias)
        self.conv = conv

    def forward(self, tokens: Tensor, grid: Grid) -> tuple[Tensor, Grid]:
        """Filter the map."""
        token_map, special = unflatten(tokens, grid)
        return flatten(self.conv(token_map), special)


def attention() -> Any:
    return made(Attention, DIM, 2)


def folded_before(name: str, layer: Any) -> None:
    """W_dw <- g W_dw, b_dw <- h."""
    source = getattr(layer, f"conv_proj_{name}")
    factor, shift = affine(source.bn)
    weight = source.conv.weight.numpy() * factor[:, None, None, None]
    stride = source.conv.window["stride"][0]
    setattr(layer, f"conv_proj_{name}", Filter(weight, shift, stride))


def folded_behind(name: str, layer: Any) -> None:
    """W <- W diag(g), b <- b + W h: the mistake."""
    source, linear = getattr(layer, f"conv_proj_{name}"), getattr(layer, f"proj_{name}")
    factor, shift = affine(source.bn)
    stride = source.conv.window["stride"][0]
    alone = Filter(source.conv.weight.numpy(), np.zeros(DIM), stride)
    setattr(layer, f"conv_proj_{name}", alone)
    linear.bias.assign(linear.bias.numpy() + linear.weight.numpy() @ shift)
    linear.weight.assign(linear.weight.numpy() * factor)


def projected(layer: Any, name: str, x: Any, grid: Grid) -> Any:
    """Return q, k or v as tokens."""
    tokens, _ = getattr(layer, f"conv_proj_{name}")(Tensor(x), grid)
    return getattr(layer, f"proj_{name}")(tokens).numpy()


@given(grid=grids)
def test_into_the_convolution_it_is_exact(grid: Grid) -> None:
    """BN(w * x) = (g w) * x + h, and the class token passes both by."""
    ours, folded = attention(), attention()
    for name in "qkv":
        folded_before(name, folded)
    x = normal(2, grid.tokens, DIM)
    with no_grad():
        expected = ours(Tensor(x), grid).numpy()
        assert relative_error(folded(Tensor(x), grid).numpy(), expected) <= EXACT


@given(grid=grids)
def test_into_the_linear_it_is_wrong_for_the_class_token(grid: Grid) -> None:
    """W BN(y) + b = (W diag g) y + (b + W h); the class token is no y of BN's."""
    ours, folded = attention(), attention()
    x, n = normal(2, grid.tokens, DIM), grid.special
    for name in "qkv":
        folded_behind(name, folded)
        expected = projected(ours, name, x, grid)
        found = projected(folded, name, x, grid)
        assert relative_error(found[:, n:], expected[:, n:]) <= EXACT
        if n:
            assert relative_error(found[:, :n], expected[:, :n]) > 0.1


def test_what_that_does_to_the_output() -> None:
    """Without a class token nothing; with one all tokens are off, as all look at it."""
    for special, wrong in ((0, False), (1, True)):
        grid, folded = Grid(4, 5, special), attention()
        for name in "qkv":
            folded_behind(name, folded)
        x = Tensor(normal(2, grid.tokens, DIM))
        expected = attention()(x, grid).numpy()
        apart = relative_error(folded(x, grid).numpy(), expected)
        assert (apart > 1e-3) == wrong
        assert (apart > EXACT) == wrong


def test_in_training_neither_is_the_same() -> None:
    """Then BN's statistics are the batch's: there is nothing to fold beforehand."""
    ours, folded = attention().train(), attention().train()
    folded_before("q", folded)
    x, grid = Tensor(normal(2, 20, DIM)), Grid(4, 5)
    found = [ops.sum(f.conv_proj_q(x, grid)[0] ** 2).item() for f in (ours, folded)]
    assert abs(found[0] - found[1]) > 0.1 * found[0]
