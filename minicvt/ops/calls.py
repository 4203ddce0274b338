"""How a call of an operation is read: its inputs, its options, what its rule says.

The same layer makes the same call at every step of a training run. What options
come to, and what the rule says to them, is remembered: it depends on shapes and on
plain values alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from inspect import Parameter, signature
from typing import Any

import numpy as np

from minicvt.errors import MinicvtError, OptionError, ShapeError, unknown
from minicvt.grid import Grid
from minicvt.ops.spec import Rule, Shape, Spec

Plan = tuple[Spec, dict[str, Any]]

MOST = 1024
"""Calls that each operation remembers, at most; then it starts anew."""

PLAIN = frozenset({int, float, bool, str, type(None), type(...)})
CONTAINERS = frozenset({tuple, Grid})

_remembered: list[dict[Any, Plan]] = []


class Call:
    """The signature of an operation: inputs in order, options by name.

    Inputs are what can be differentiated; an optional one left out is None. Options
    named in ``pairs`` may be given as one number for both axes.
    """

    def __init__(
        self, function: Callable[..., Any], rule: Rule, pairs: tuple[str, ...]
    ) -> None:
        parameters = signature(function).parameters.values()
        named = [p for p in parameters if p.kind is Parameter.POSITIONAL_OR_KEYWORD]
        self.name, self.rule, self.pairs = function.__name__, rule, pairs
        self.names = [p.name for p in named]
        self.required = sum(p.default is Parameter.empty for p in named)
        self.options = {
            p.name: p.default for p in parameters if p.kind is p.KEYWORD_ONLY
        }
        self._known: dict[Any, Plan] = {}
        _remembered.append(self._known)

    def inputs(self, given: tuple[Any, ...], options: dict[str, Any]) -> Any:
        """Return all inputs in order; those given by name leave ``options``."""
        if len(given) < len(self.names):
            rest = self.names[len(given) :]
            given += tuple([options.pop(name, None) for name in rest])
        for value in given[: self.required]:
            if value is None:
                needs = ", ".join(self.names[: self.required])
                raise TypeError(f"{self.name}: needs {needs}")
        return given

    def plan(self, shapes: tuple[Shape | None, ...], options: dict[str, Any]) -> Plan:
        """Return what the rule says, and all options as the function takes them.

        Both may be those of an earlier call.
        """
        values = tuple(map(_key, options.values())) if options else ()
        if None in values:
            return self._ask(shapes, options)
        key = shapes, tuple(options), values
        found = self._known.get(key)
        if found is None:
            if len(self._known) >= MOST:
                self._known.clear()
            found = self._known[key] = self._ask(shapes, options)
        return found

    def _ask(self, shapes: tuple[Shape | None, ...], options: dict[str, Any]) -> Plan:
        """Ask the rule; what it cannot even read is an option of another type."""
        options = self._complete(options)
        try:
            return self.rule(*shapes, **options), options
        except TypeError as error:
            if isinstance(error, MinicvtError):
                raise
            plain = {k: v for k, v in options.items() if not isinstance(v, np.ndarray)}
            given = ", ".join(f"{name}={value!r}" for name, value in plain.items())
            raise OptionError(f"cannot read {given}: {error}") from None

    def _complete(self, given: dict[str, Any]) -> dict[str, Any]:
        for name in given.keys() - self.options.keys():
            raise TypeError(f"{self.name}: {unknown('option', name, self.options)}")
        options = {k: _owned(v) for k, v in (self.options | given).items()}
        if missing := [k for k, v in options.items() if v is Parameter.empty]:
            raise TypeError(f"{self.name}: needs {', '.join(missing)}")
        return options | {key: pair(key, options[key]) for key in self.pairs}


def forget() -> None:
    """Ask every rule anew from now on: for who changes a rule under way."""
    for known in _remembered:
        known.clear()


def _key(value: Any) -> Any:
    """Return what a value that never changes is found by, else None.

    1, 1.0 and True are equal, and no two of them are the same option. A slice has no
    hash before Python 3.12.
    """
    kind = type(value)
    if kind in PLAIN:
        return kind, value
    if kind is slice:
        value = value.start, value.stop, value.step
    elif kind not in CONTAINERS:
        return None
    kinds = tuple(map(type, value))
    if PLAIN.issuperset(kinds):
        return kind, kinds, value
    parts = tuple(map(_key, value))
    return None if None in parts else (kind, parts)


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
