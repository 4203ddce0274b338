"""How the inputs, the parameters and the buffers of a layer are drawn."""

from __future__ import annotations

from collections.abc import Callable, Collection
from math import prod, sqrt
from typing import Any

from minicvt.nn import Init, Module
from minicvt.verify.operations.samples import Draw, Sample

STATISTICS = (True, True, False)
"""Training or not: there are more ways to be wrong in training."""


def of(
    draw: Draw,
    make: Callable[..., Module],
    made: dict[str, Any],
    *inputs: Any,
    grid: Any = None,
    training: bool = True,
    zero: Collection[str] = (),
) -> Sample:
    """Draw parameters and buffers of a layer, ``made`` with these options.

    ``zero`` are parameters whose gradient vanishes whatever the values.
    """
    module = make(**made, init=Init("float64"))
    parameters = dict(module.named_parameters())
    values = [around_half(draw, p.shape) for p in parameters.values()]
    calling = {"grid": grid, "training": training, "buffers": remembered(draw, module)}
    return Sample(
        (*inputs, *values),
        made | calling,
        tuple(len(inputs) + i for i, name in enumerate(parameters) if name in zero),
        names=(*("x", "bias")[: len(inputs)], *parameters),
    )


def around_half(draw: Draw, shape: tuple[int, ...]) -> Any:
    """Draw a parameter that is no special case: no weight is 1, no bias is 0.

    Matrices are drawn so that what comes out is about as large as what went in.
    """
    fan_in = prod(shape[1:])
    return draw.rng.normal(0.5 / fan_in, 0.6 / sqrt(fan_in), shape)


def remembered(draw: Draw, module: Module) -> dict[str, Any]:
    """Draw a mean and a variance for each BatchNorm."""
    draws = {"running_mean": draw.normal, "running_var": draw.positive}
    return {
        name: draws[name.rpartition(".")[2]](*buffer.shape)
        for name, buffer in module.named_buffers()
        if buffer.dtype.kind == "f"
    }
