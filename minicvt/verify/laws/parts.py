"""Parts in float64 with weights that are no special case, and what they answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from minicvt.kernels.types import Array
from minicvt.nn import Init, Module
from minicvt.tensor import Tensor, no_grad
from minicvt.verify.layers.applying import put
from minicvt.verify.layers.drawing import around_half, remembered
from minicvt.verify.operations import Draw
from minicvt.verify.oracle import relative_error

Function = Callable[[Tensor], Tensor]

SHARE = 1e-2
"""Of the largest answer: what the error of a smaller one is relative to, as some
gradients vanish whatever the values."""


def made(draw: Draw, kind: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
    """Make a part in evaluation, with drawn weights and statistics."""
    return weighed(draw, kind(*arguments, **options, init=Init("float64")))


def weighed(draw: Draw, module: Any) -> Any:
    """Give a module drawn weights and statistics; return it in evaluation."""
    for _, parameter in module.named_parameters():
        if parameter.requires_grad:
            parameter.assign(around_half(draw, parameter.shape))
    for name, value in remembered(draw, module).items():
        put(module, name, value)
    return module.eval()


def value(function: Function, x: Any) -> Array:
    """Run it without recording."""
    with no_grad():
        return np.asarray(function(Tensor(x)).numpy())


def pulled(function: Function, x: Any, part: Module | None = None) -> dict[str, Array]:
    """Return the output, and all gradients of a random cotangent."""
    if part is not None:
        part.zero_grad()
    leaf = Tensor(x, requires_grad=True)
    output = function(leaf)
    output.backward(np.random.default_rng(7).normal(0.2, 1, output.shape))
    named = dict(part.named_parameters()) if part is not None else {}
    found = {"output": output.numpy(), "x": leaf.grad}
    return found | {name: p.grad for name, p in named.items() if p.requires_grad}


def apart(ours: Mapping[str, Array], theirs: Mapping[str, Array]) -> float:
    """Return the largest relative error of the answers that both have."""
    floor = SHARE * max(float(np.abs(x).max()) for x in theirs.values())
    both = ours.keys() & theirs.keys()
    return max(relative_error(ours[name], theirs[name], floor) for name in both)


def one_thing(
    one: Function, other: Function, x: Any, part: Module | None = None
) -> float:
    """Compare two functions of x: values and gradients, those of ``part`` too."""
    return apart(pulled(one, x, part), pulled(other, x, part))
