"""How an operation is declared: the rule, the forward and the pullback together.

::

    def _rule(x, weight, *, stride):           # shapes in, Spec out; raises
        ...
        return Spec(shape, macs)

    @operation(_rule)
    def name(x, weight, *, stride=1):          # arrays in
        y = ...
        return y, lambda dy: (..., ...)        # one cotangent per input

The decorator makes ``name`` take Tensors: it checks dtypes, runs the rule, runs
the function, records the tape node and emits one event. A cotangent may be an
array or a thunk, which runs only if that input needs it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import wraps
from inspect import Parameter, signature
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from minicvt import observe
from minicvt.blank import Blank
from minicvt.errors import DtypeError, ShapeError
from minicvt.tensor import FLOATS, Node, Tensor, is_recording

Shape: TypeAlias = tuple[int, ...]


class Spec(NamedTuple):
    """What a rule says before anything runs.

    ``shape`` of the output, ``macs`` (multiply-adds of convolutions, linear maps
    and attention products), and the shapes of ``extras`` that follow the output.
    """

    shape: Shape
    macs: int = 0
    extras: tuple[Shape, ...] = ()


Rule: TypeAlias = Callable[..., Spec]

OPERATIONS: dict[str, Callable[..., Any]] = {}
"""Every operation by name, for tests that must not miss one."""


def operation(
    rule: Rule, pairs: tuple[str, ...] = ()
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Lift a function of arrays, with its shape rule, to Tensors.

    Options named in ``pairs`` may be given as one number for both axes.
    """

    def lift(function: Callable[..., Any]) -> Callable[..., Any]:
        name = function.__name__
        names, required = _inputs(function)
        defaults = _defaults(function)

        @wraps(function)
        def run(*inputs: Any, **options: Any) -> Any:
            late = names[len(inputs) :]  # given by keyword, or an optional one left out
            inputs += tuple(options.pop(key, None) for key in late)
            if any(x is None for x in inputs[:required]):
                raise TypeError(f"{name}: needs {', '.join(names[:required])}")
            options = defaults | options
            for key in pairs:
                options[key] = pair(name, key, options[key])
            tensors = as_tensors(name, inputs)
            spec = rule(*[t if t is None else t.shape for t in tensors], **options)
            output, pullback, *extras = _compute(function, spec, tensors, options)
            result = Tensor.wrap(output)
            if is_recording():
                _record(result, name, tensors, spec, pullback)
            if observe.observed():
                path = observe.current_path()
                event = (name, path, tensors, options, result, spec)
                observe.emit(observe.OperationEvent(*event))
            return (result, *extras) if extras else result

        OPERATIONS[name] = run
        return run

    return lift


def _inputs(function: Callable[..., Any]) -> tuple[tuple[str, ...], int]:
    """Names of the inputs (what can be differentiated), and how many are required."""
    kind = Parameter.POSITIONAL_OR_KEYWORD
    inputs = [p for p in signature(function).parameters.values() if p.kind is kind]
    required = sum(p.default is Parameter.empty for p in inputs)
    return tuple(p.name for p in inputs), required


def _defaults(function: Callable[..., Any]) -> dict[str, Any]:
    parameters = signature(function).parameters.values()
    return {p.name: p.default for p in parameters if p.kind is Parameter.KEYWORD_ONLY}


def pair(name: str, key: str, value: Any) -> tuple[int, int]:
    """Read an option that may be one number or one per axis."""
    numbers = tuple(value) if isinstance(value, Iterable) else (value, value)
    if len(numbers) != 2 or not all(isinstance(n, int | np.integer) for n in numbers):
        raise ShapeError(f"{name}: {key} must be one or two integers, got {value!r}")
    return int(numbers[0]), int(numbers[1])


def as_tensors(name: str, inputs: tuple[Any, ...]) -> tuple[Tensor | None, ...]:
    """Make Tensors of arrays and numbers; all must share one dtype.

    A plain number takes the dtype of the others, so that ``2 * x`` stays float32.
    """
    dtypes = {x.dtype for x in inputs if hasattr(x, "dtype")}
    if len(dtypes) > 1 or not dtypes <= set(FLOATS):
        came = ", ".join(str(getattr(x, "dtype", type(x).__name__)) for x in inputs)
        raise DtypeError(f"{name}: inputs must all be float32 or float64, got {came}")
    dtype = next(iter(dtypes), FLOATS[1])
    return tuple(_as_tensor(name, x, dtype) for x in inputs)


def _as_tensor(name: str, value: Any, dtype: np.dtype[Any]) -> Tensor | None:
    if value is None or isinstance(value, Tensor):
        return value
    if isinstance(value, np.ndarray | np.floating | Blank):
        return Tensor(value)
    if isinstance(value, int | float):
        return Tensor.wrap(np.array(value, dtype))
    raise DtypeError(
        f"{name}: expected a Tensor or an array, got {type(value).__name__}"
    )


def _compute(
    function: Callable[..., Any],
    spec: Spec,
    tensors: tuple[Tensor | None, ...],
    options: dict[str, Any],
) -> tuple[Any, ...]:
    """Run ``function`` on the arrays, or the shapes alone if one is blank."""
    arrays = [None if t is None else t.data for t in tensors]
    if any(isinstance(array, Blank) for array in arrays):
        dtype = next(a.dtype for a in arrays if a is not None)
        blanks = [Blank(shape, dtype) for shape in (spec.shape, *spec.extras)]
        return blanks[0], None, *blanks[1:]
    output, pullback, *extras = function(*arrays, **options)
    return np.asarray(output), pullback, *extras


def _record(
    result: Tensor,
    name: str,
    tensors: tuple[Tensor | None, ...],
    spec: Spec,
    pullback: Any,
) -> None:
    if any(t is not None and t.requires_grad for t in tensors):
        versions = tuple(0 if t is None else t.version for t in tensors)
        path = observe.current_path()
        result.node = Node(name, path, tensors, versions, spec, pullback)
        result.requires_grad = True
