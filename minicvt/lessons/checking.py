"""Exercises: what a learner's function answers, beside what is right."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import numpy as np

from minicvt.kernels.types import Array
from minicvt.tensor import Tensor

TOLERANCE = 1e-6

Case = tuple[tuple[Any, ...], Any]


def check(
    answer: Callable[..., Any], *cases: Case, tolerance: float = TOLERANCE
) -> None:
    """Print whether a function is right, else the first case where it is not.

    A case is ``(arguments, right)``. What is right may be a number, an array, a word,
    or a tuple of such. Whole numbers must be equal; of others the relative error,
    max|given - right| / max|right|, must not exceed the tolerance. ``None`` means that
    nobody has answered yet. The function gets copies, and may write into them.
    """
    print(f"{answer.__name__}{verdict(answer, cases, tolerance)}")


def verdict(
    answer: Callable[..., Any], cases: tuple[Case, ...], tolerance: float
) -> str:
    """Say what `check` prints after the function's name."""
    for arguments, right in cases:
        call = f"({', '.join(map(_short, arguments))})"
        try:
            given = answer(*copy.deepcopy(arguments))
        except Exception as error:
            return f"{call} raises {type(error).__name__}: {error}"
        if given is None:
            return ": not answered yet"
        wrong = difference(given, right, tolerance)
        if wrong:
            return f"{call}{wrong}"
    return ": right"


def difference(given: Any, right: Any, tolerance: float) -> str:
    """Say what is wrong with an answer, or nothing."""
    if isinstance(given, Tensor):
        given = given.numpy()
    if isinstance(right, tuple | list):
        return _parts(given, right, tolerance)
    if isinstance(right, str | bool | np.bool):
        return "" if given == right else f" is {right!r}, yours says {_short(given)}"
    try:
        numbers = np.asarray(given, np.float64)
    except (TypeError, ValueError):
        return f" is {_short(right)}, yours says {_short(given)}"
    return _numbers(numbers, np.asarray(right), tolerance)


def _parts(given: Any, right: Any, tolerance: float) -> str:
    if not isinstance(given, tuple | list) or len(given) != len(right):
        return f" is {_short(right)}, yours says {_short(given)}"
    for part, (one, other) in enumerate(zip(given, right, strict=True)):
        wrong = difference(one, other, tolerance)
        if wrong:
            return f", part {part}:{wrong}"
    return ""


def _numbers(given: Array, right: Array, tolerance: float) -> str:
    if given.shape != right.shape:
        return f" has shape {right.shape}, yours {given.shape}"
    if not right.size:
        return ""
    whole = right.dtype.kind in "iub"
    apart = np.asarray(np.nan_to_num(np.abs(given - right), nan=np.inf))
    allowed = 0 if whole else tolerance * np.abs(right).max()
    if apart.max() <= allowed:
        return ""
    at = np.unravel_index(apart.argmax(), right.shape)
    place = f" at {list(map(int, at))}" if right.ndim else ""
    return f" is {_digits(right[at])}{place}, yours says {_digits(given[at])}"


def _digits(number: Any) -> str:
    """Return a number in eight digits, a whole one in all of its own."""
    return f"{number:.0f}" if number == np.round(number) else f"{number:.8g}"


def _short(value: Any) -> str:
    """Return a value as a line shows it: of an array, its shape."""
    if isinstance(value, Tensor):
        value = value.numpy()
    if isinstance(value, tuple):
        return f"({', '.join(map(_short, value))}{',' * (len(value) == 1)})"
    if isinstance(value, list):
        return f"[{', '.join(map(_short, value))}]"
    if isinstance(value, np.ndarray) and value.ndim:
        return f"array {value.shape}"
    if isinstance(value, np.generic | np.ndarray):
        value = value.item()
    if callable(value):
        return str(getattr(value, "__name__", type(value).__name__))
    return repr(value)
