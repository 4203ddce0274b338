"""Small modules with random values, to see whether two ways to compute agree."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from minicvt.grid import Grid
from minicvt.kernels.types import Array
from minicvt.nn import MLP, Attention, Block, Init, Module
from minicvt.tensor import Tensor

ROUNDING = 1e-10
"""Below this a float64 difference is rounding."""


def drawn(make: Callable[..., Module]) -> Any:
    """Make a module in float64, in evaluation mode, in which nothing is 0 or 1.

    Weights and biases are normal, gains and variances uniform in 0.5 to 1.5, so that
    no part of it is the identity by chance.
    """
    module, rng = make(init=Init("float64")), np.random.default_rng(0)
    state = module.state_dict()
    for name, value in state.items():
        gain = value.ndim == 1 and name.endswith(("weight", "running_var"))
        if value.ndim:
            state[name] = (
                rng.uniform(0.5, 1.5, value.shape)
                if gain
                else rng.normal(0, max(1, value[0].size) ** -0.5, value.shape)
            )
    module.load_state_dict(state)
    module.eval()
    return module


def tokens_on(height: int, width: int, special: int, dim: int) -> tuple[Grid, Array]:
    """Return random tokens ``(1, special + height * width, dim)`` and their grid."""
    grid = Grid(height, width, special)
    return grid, np.random.default_rng(1).normal(size=(1, grid.tokens, dim))


def apart(a: Any, b: Any) -> float:
    """Return max|a - b| to two digits, 0 where it is rounding."""
    arrays = (x.numpy() if isinstance(x, Tensor) else x for x in (a, b))
    difference = float(np.abs(np.subtract(*arrays)).max())
    return 0.0 if difference < ROUNDING else float(f"{difference:.2g}")


def block_of(projection: str) -> Callable[[Init], Block]:
    """Say how to make a small transformer block with this projection."""

    def make(init: Init) -> Block:
        attn = Attention(8, 2, projection, init=init)
        return Block(8, attn, MLP(8, 16, init=init), init=init)

    return make
