"""A layer called as a function of its inputs and its parameters, and PyTorch's."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from minicvt.nn import Init, Module, Parameter
from minicvt.tensor import Tensor
from minicvt.verify.layers.peer import Peer
from minicvt.verify.oracle import to_torch

Make = Callable[..., Module]


def applied(
    make: Make,
    *inputs: Tensor,
    grid: Any,
    training: bool,
    buffers: Mapping[str, Any],
    **options: Any,
) -> tuple[Any, ...]:
    """Call the layer with these inputs and parameters: output, then buffers."""
    module = make(**options, init=Init(inputs[0].dtype)).train(training)
    others, values = split(module, inputs)
    for name, value in (values | dict(buffers)).items():
        put(module, name, value)
    x, *rest = others
    output = module(x, *rest) if grid is None else module(x, grid, *rest)
    after = dict(module.named_buffers())
    first = output[0] if isinstance(output, tuple) else output
    return first, *(after[name] for name in buffers)


def peered(
    make: Make,
    reference: Callable[..., Any],
    torch: Any,
    *inputs: Any,
    grid: Any,
    training: bool,
    buffers: Mapping[str, Any],
    **options: Any,
) -> tuple[Any, ...]:
    """Call PyTorch's counterpart of :func:`applied`."""
    others, values = split(make(**options, init=Init()), inputs)
    kept = {name: to_torch(torch, value) for name, value in buffers.items()}
    own = Peer(torch, values | kept, training)
    where = {} if grid is None else {"grid": grid}
    return reference(own, *others, **where, **options), *kept.values()


def split(module: Module, inputs: tuple[Any, ...]) -> tuple[tuple[Any, ...], Any]:
    """Tell what the layer is called with from its parameters, by name."""
    names = [name for name, _ in module.named_parameters()]
    called_with = len(inputs) - len(names)
    values = dict(zip(names, inputs[called_with:], strict=True))
    return inputs[:called_with], values


def put(module: Module, name: str, value: Any) -> None:
    """Set a parameter or a buffer by its dotted name."""
    *path, last = name.split(".")
    for part in path:
        module = getattr(module, part)
    if isinstance(value, Tensor):
        value.__class__ = Parameter  # the same leaf, which the module now finds
    setattr(module, last, value)
