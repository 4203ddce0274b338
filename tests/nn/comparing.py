"""A module of ours beside PyTorch's, with the same weights under the same names."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from minicvt import Tensor
from minicvt.nn import Module
from tests.oracle import relative_error, to_torch

Leaves = dict[str, torch.Tensor]


def normal(*shape: int, seed: int = 0) -> Any:
    """Return normal values, not around 0."""
    return np.random.default_rng([seed, *shape]).normal(0.2, 1, shape)


def scrambled(module: Module) -> Module:
    """Give every parameter values that are no special case: no weight 1, no bias 0."""
    rng = np.random.default_rng(1)
    for _, parameter in module.named_parameters():
        parameter.assign(rng.normal(0.1, 0.5, parameter.shape).astype(parameter.dtype))
    return module


def leaves(module: Module) -> Leaves:
    """Return our parameters as torch leaves, by name."""
    return {
        name: to_torch(parameter.numpy(), parameter.requires_grad)
        for name, parameter in module.named_parameters()
    }


def check_like(
    module: Module,
    theirs: Callable[[Leaves, torch.Tensor], torch.Tensor],
    x: Any,
    *others: Any,
    zero: tuple[str, ...] = (),
) -> None:
    """Output, input gradient and every parameter's gradient are PyTorch's.

    ``theirs(parameters, x)`` computes the same; ``others`` are our further inputs;
    gradients named in ``zero`` vanish whatever the values, frozen parameters get none.
    """
    own_x, parameters = Tensor(x, requires_grad=True), leaves(module)
    output = module(own_x, *others)
    output = output[0] if isinstance(output, tuple) else output
    their_x = to_torch(x, requires_grad=True)
    expected = theirs(parameters, their_x)
    assert relative_error(output.numpy(), expected.detach()) <= 1e-10
    cotangent = normal(*output.shape, seed=2)
    output.backward(cotangent)
    expected.backward(to_torch(cotangent))
    assert relative_error(own_x.grad, their_x.grad) <= 1e-10
    for name, parameter in module.named_parameters():
        if not parameter.requires_grad:
            assert parameter.grad is None, name
            continue
        apart = relative_error(parameter.grad, parameters[name].grad, name in zero)
        assert apart <= 1e-10, name
