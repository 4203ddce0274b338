"""One detail that another implementation may have otherwise: data, to be tried.

A hypothesis says of which modules it can be true and how to make it so in a copy of
one. Whether it is what happened is found out by running that copy
(:mod:`minicvt.verify.microscope.experiments`), never by the size of a difference.
"""

from __future__ import annotations

from collections.abc import Callable
from types import MethodType
from typing import Any, NamedTuple

import numpy as np

from minicvt.nn import Parameter

Change = Callable[[Any], None]


class Hypothesis(NamedTuple):
    """What the other model may do, in words; in which modules; and how to do it."""

    says: str
    kinds: tuple[type, ...]
    change: Change


def suppose(says: str, kinds: type | tuple[type, ...], change: Change) -> Hypothesis:
    """Make a hypothesis about one kind of module, or several."""
    return Hypothesis(says, kinds if isinstance(kinds, tuple) else (kinds,), change)


def setting(**values: Any) -> Change:
    """Set attributes the module has; one that it lacks, or has as None, stays so."""

    def change(module: Any) -> None:
        for name, value in values.items():
            if getattr(module, name, None) is not None:
                setattr(module, name, value)

    return change


def doing(**functions: Callable[..., Any]) -> Change:
    """Replace methods by functions of the module and its inputs."""

    def change(module: Any) -> None:
        for name, function in functions.items():
            setattr(module, name, MethodType(function, module))

    return change


def weighing(names: str, make: Callable[[Any], Any]) -> Change:
    """Replace parameters, named with spaces between, by what ``make`` makes of them."""

    def change(module: Any) -> None:
        for name in names.split():
            old = getattr(module, name, None)
            if old is not None:
                values = np.array(make(old.numpy()), order="C")
                new = Parameter(values, old.requires_grad)
                setattr(module, name, new)

    return change


def exchanging(*pairs: tuple[str, str]) -> Change:
    """Exchange attributes two by two."""

    def change(module: Any) -> None:
        for first, second in pairs:
            if hasattr(module, first) and hasattr(module, second):
                one, other = getattr(module, first), getattr(module, second)
                setattr(module, first, other)
                setattr(module, second, one)

    return change


def nothing(_: Any, x: Any, *rest: Any) -> Any:
    """Do nothing: the forward of a part that was forgotten."""
    return x
