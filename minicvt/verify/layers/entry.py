"""A layer as an operation: a function of its inputs and of its parameters.

::

    @layer("Linear", Linear, reference)     # reference(own: Peer, x, ...): PyTorch's
    def _draw_linear(draw: Draw) -> Sample: # inputs, then parameters, none special
        return of(draw, Linear, {"in_features": 3, ...}, draw.normal(2, 3))

So a layer is checked as an operation is, with a gradient for each parameter. What
BatchNorm will remember of the batch follows the output, as further outputs.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import partial
from math import prod, sqrt
from typing import Any

from minicvt.nn import Init, Module, Parameter
from minicvt.tensor import Tensor
from minicvt.verify.layers.peer import Peer
from minicvt.verify.operations.entry import SUMS, Entry, Tolerance
from minicvt.verify.operations.samples import Draw, Sample
from minicvt.verify.oracle import to_torch

Make = Callable[..., Module]


@dataclass(frozen=True, kw_only=True)
class Layer(Entry):
    """One layer: how it is made from options, and PyTorch's counterpart."""

    make: Make

    @property
    def ours(self) -> Callable[..., Any]:
        """The layer, called with its inputs and then its parameters."""
        return partial(applied, self.make)


@dataclass(frozen=True, kw_only=True)
class Function(Entry):
    """A function made of operations, as layers are, without parameters."""

    function: Callable[..., Any]

    @property
    def ours(self) -> Callable[..., Any]:
        """The function itself."""
        return self.function


LAYERS: dict[str, Entry] = {}


def layer(
    name: str, make: Make, reference: Callable[..., Any], tolerance: Tolerance = SUMS
) -> Callable[..., Any]:
    """Enter a layer with the function that draws its inputs and parameters."""

    def enter(draw: Callable[[Draw], Sample]) -> Callable[[Draw], Sample]:
        theirs = partial(peered, make, reference)
        return _entered(Layer(name, theirs, draw, tolerance, make=make))

    return enter


def function(
    ours: Callable[..., Any], theirs: Callable[..., Any], name: str = ""
) -> Callable[..., Any]:
    """Enter a function as an operation is entered."""

    def enter(draw: Callable[[Draw], Sample]) -> Callable[[Draw], Sample]:
        called = name or ours.__name__
        return _entered(Function(called, theirs, draw, function=ours))

    return enter


def _entered(entry: Entry) -> Callable[[Draw], Sample]:
    assert entry.name not in LAYERS, f"{entry.name} is listed twice"
    LAYERS[entry.name] = entry
    return entry.draw


def of(
    draw: Draw,
    make: Make,
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
