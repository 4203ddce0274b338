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
array or a thunk, which runs only if that input needs it, and which may know a
better way to ``add_to`` what has arrived. A pullback whose spec says that it ``joins``
may get, as a second argument, what has arrived at the first input by other ways, and
then answers with the sum: LayerNorm adds what comes by the shortcut in its own pass.
What a rule raises is prefixed with the operation and the module it ran in.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import numpy as np

from minicvt import observe
from minicvt.blank import Blank
from minicvt.errors import DtypeError, MinicvtError
from minicvt.node import Node, versions
from minicvt.ops.calls import Call
from minicvt.ops.known import recall
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
        call = Call(function, rule, pairs)

        @wraps(function)
        def run(*inputs: Any, **options: Any) -> Any:
            try:
                tensors = as_tensors(call.inputs(inputs, options))
                arrays = [None if t is None else t.data for t in tensors]
                shapes = tuple([None if a is None else a.shape for a in arrays])
                spec, options = call.plan(shapes, options)
            except MinicvtError as error:
                raise _placed(error, name) from None
            output, pullback, *extras = _compute(function, spec, arrays, options)
            result = Tensor.wrap(output)
            if is_recording():
                _record(result, name, tensors, spec, pullback)
            if observe.observed():
                path = observe.current_path()
                event = (name, path, tensors, dict(options), result, spec)
                observe.emit(observe.OperationEvent(*event))
            return (result, *extras) if extras else result

        OPERATIONS[name] = run
        return run

    return lift


def _placed(error: MinicvtError, name: str) -> MinicvtError:
    """Say in which operation, and of which module, something did not fit."""
    path = observe.current_path()
    return type(error)(f"{name} in {path}: {error}" if path else f"{name}: {error}")


def as_tensors(inputs: tuple[Any, ...]) -> tuple[Tensor | None, ...]:
    """Make Tensors of arrays and numbers; all must share one dtype.

    A plain number takes the dtype of the others, so that ``2 * x`` stays float32.
    """
    if _are_tensors(inputs):
        return inputs
    dtypes = {x.dtype for x in inputs if hasattr(x, "dtype")}
    if len(dtypes) > 1 or not dtypes <= set(FLOATS):
        came = ", ".join(str(getattr(x, "dtype", type(x).__name__)) for x in inputs)
        raise DtypeError(f"inputs must all be float32 or all float64, got {came}")
    dtype = next(iter(dtypes), FLOATS[1])
    return tuple(_as_tensor(x, dtype) for x in inputs)


def _are_tensors(inputs: tuple[Any, ...]) -> bool:
    """Whether nothing is left to do: the usual case, found out quickly."""
    dtype = None
    for x in inputs:
        if x is None:
            continue
        if not isinstance(x, Tensor):
            return False
        if dtype is None:
            dtype = x.data.dtype
        elif x.data.dtype != dtype:
            return False
    return True


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
    arrays: list[Any],
    options: dict[str, Any],
) -> tuple[Any, ...]:
    """Run ``function`` on the arrays, or the shapes alone if one is blank.

    What only shows memory in another way runs on a blank too, which then remembers
    whose memory it is.
    """
    if Blank in map(type, arrays):
        if spec.view:
            return function(*arrays, **options)[0], None
        dtype = next(a.dtype for a in arrays if a is not None)
        blank, *extras = spec.blanks(dtype)
        return blank, None, *extras
    answer = recall(function.__name__, arrays, options)
    output, pullback, *extras = answer or function(*arrays, **options)
    return np.asarray(output), pullback, *extras


def _record(
    result: Tensor,
    name: str,
    tensors: tuple[Tensor | None, ...],
    spec: Spec,
    pullback: Any,
) -> None:
    if True in [t is not None and t.requires_grad for t in tensors]:
        inputs = tuple([t if t is None else t.outline() for t in tensors])
        path, then = observe.current_path(), versions(tensors)
        result.node = Node(name, path, inputs, then, spec, pullback)
        result.requires_grad = True
