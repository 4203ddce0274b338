"""Copies of modules to experiment on: the original stays as it is.

A twin has parameters of its own that share their values, so that gradients do not
mix, and generators of its own in the same state, so that it draws the same masks.
"""

from __future__ import annotations

from copy import copy, deepcopy
from types import MethodType
from typing import Any

import numpy as np

from minicvt.nn import Module, Parameter


def twin(module: Any, known: dict[int, Any] | None = None) -> Any:
    """Copy a module and all inside; no array is copied."""
    known = {} if known is None else known
    other = copy(module)
    for name, value in vars(module).items():
        vars(other)[name] = _of(value, module, other, known)
    return other


def _of(value: Any, module: Any, other: Any, known: dict[int, Any]) -> Any:
    if isinstance(value, MethodType) and value.__self__ is module:
        return MethodType(value.__func__, other)
    if isinstance(value, Parameter | Module | np.random.Generator):
        if id(value) not in known:
            known[id(value)] = _copied(value, known)
        return known[id(value)]
    return value


def _copied(value: Any, known: dict[int, Any]) -> Any:
    if isinstance(value, Module):
        return twin(value, known)
    if isinstance(value, np.random.Generator):
        return deepcopy(value)
    fresh = Parameter.wrap(value.data)
    fresh.requires_grad = value.requires_grad
    return fresh
