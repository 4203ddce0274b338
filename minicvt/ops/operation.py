"""How an operation is declared: the rule, the forward and the pullback together.

::

    def _rule(x, weight, *, stride):           # shapes in, Spec out; raises
        ...
        return Spec(shape, {"macs": n}, keeps=(0, 1))

    @operation(_rule)
    def name(x, weight, *, stride=1):          # arrays in
        y = ...
        return y, lambda dy: (..., ...)        # one cotangent per input

The decorator makes ``name`` take Tensors: it checks dtypes, runs the rule, runs
the function, records the tape node and emits one event. A cotangent may be an
array or a thunk, which runs only if that input needs it. What a rule raises is
prefixed with the operation and the module it ran in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import wraps
from inspect import Parameter, signature
from typing import Any

import numpy as np

from minicvt import observe
from minicvt.blank import Blank
from minicvt.errors import DtypeError, MinicvtError, OptionError, ShapeError, unknown
from minicvt.node import Node
from minicvt.ops.spec import Rule, Spec
from minicvt.tensor import FLOATS, Tensor, is_recording

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
        bind = _binder(function, pairs)

        @wraps(function)
        def run(*inputs: Any, **options: Any) -> Any:
            try:
                inputs, options = bind(inputs, options)
                tensors = as_tensors(inputs)
                spec = _ask(rule, tensors, options)
            except MinicvtError as error:
                raise _placed(error, name) from None
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


def _binder(function: Callable[..., Any], pairs: tuple[str, ...]) -> Callable[..., Any]:
    """Return how a call is read: all inputs in order, all options by name.

    Inputs are what can be differentiated; an optional one left out is None.
    """
    parameters = signature(function).parameters.values()
    named = [p for p in parameters if p.kind is Parameter.POSITIONAL_OR_KEYWORD]
    names = [p.name for p in named]
    required = [p.name for p in named if p.default is Parameter.empty]
    defaults = {p.name: p.default for p in parameters if p.kind is p.KEYWORD_ONLY}
    needed = [k for k, default in defaults.items() if default is Parameter.empty]

    def bind(inputs: tuple[Any, ...], options: dict[str, Any]) -> Any:
        inputs += tuple(options.pop(name, None) for name in names[len(inputs) :])
        if any(x is None for x in inputs[: len(required)]):
            raise TypeError(f"{function.__name__}: needs {', '.join(required)}")
        for name in options.keys() - defaults.keys():
            raise TypeError(f"{function.__name__}: {unknown('option', name, defaults)}")
        if missing := [k for k in needed if k not in options]:
            raise TypeError(f"{function.__name__}: needs {', '.join(missing)}")
        options = {k: _owned(v) for k, v in (defaults | options).items()}
        return inputs, options | {key: pair(key, options[key]) for key in pairs}

    return bind


def _owned(option: Any) -> Any:
    """Copy arrays: the caller's may be written to before the pullback reads them.

    NumPy's scalars become Python's, as they would promote float32 arrays.
    """
    if type(option) in (tuple, list):
        return type(option)(map(_owned, option))
    if isinstance(option, np.ndarray):
        return option.copy()
    return option.item() if isinstance(option, np.generic) else option


def pair(name: str, value: Any) -> tuple[int, int]:
    """Read an option that may be one number or one per axis."""
    numbers = tuple(value) if isinstance(value, Iterable) else (value, value)
    if len(numbers) != 2 or not all(isinstance(n, int | np.integer) for n in numbers):
        raise ShapeError(f"{name} must be one or two integers, got {value!r}")
    return int(numbers[0]), int(numbers[1])


def _ask(
    rule: Rule, tensors: tuple[Tensor | None, ...], options: dict[str, Any]
) -> Spec:
    """Ask the rule; what it cannot even read is an option of another type."""
    try:
        return rule(*[t if t is None else t.shape for t in tensors], **options)
    except TypeError as error:
        if isinstance(error, MinicvtError):
            raise
        plain = {k: v for k, v in options.items() if not isinstance(v, np.ndarray)}
        given = ", ".join(f"{name}={value!r}" for name, value in plain.items())
        raise OptionError(f"cannot read {given}: {error}") from None


def _placed(error: MinicvtError, name: str) -> MinicvtError:
    """Say in which operation, and of which module, something did not fit."""
    path = observe.current_path()
    return type(error)(f"{name} in {path}: {error}" if path else f"{name}: {error}")


def as_tensors(inputs: tuple[Any, ...]) -> tuple[Tensor | None, ...]:
    """Make Tensors of arrays and numbers; all must share one dtype.

    A plain number takes the dtype of the others, so that ``2 * x`` stays float32.
    """
    dtypes = {x.dtype for x in inputs if hasattr(x, "dtype")}
    if len(dtypes) > 1 or not dtypes <= set(FLOATS):
        came = ", ".join(str(getattr(x, "dtype", type(x).__name__)) for x in inputs)
        raise DtypeError(f"inputs must all be float32 or all float64, got {came}")
    dtype = next(iter(dtypes), FLOATS[1])
    return tuple(_as_tensor(x, dtype) for x in inputs)


def _as_tensor(value: Any, dtype: np.dtype[Any]) -> Tensor | None:
    if value is None or isinstance(value, Tensor):
        return value
    if isinstance(value, np.ndarray | np.floating | Blank):
        return Tensor(value)
    if isinstance(value, int | float):
        return Tensor.wrap(np.array(value, dtype))
    raise DtypeError(f"expected a Tensor or an array, got {type(value).__name__}")


def _compute(
    function: Callable[..., Any],
    spec: Spec,
    tensors: tuple[Tensor | None, ...],
    options: dict[str, Any],
) -> tuple[Any, ...]:
    """Run ``function`` on the arrays, or the shapes alone if one is blank.

    What only shows memory in another way runs on a blank too, which then remembers
    whose memory it is.
    """
    arrays = [None if t is None else t.data for t in tensors]
    if any(isinstance(array, Blank) for array in arrays):
        if spec.view:
            return function(*arrays, **options)[0], None
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
