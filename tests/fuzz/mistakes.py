"""Calls that do not fit, made from such that do by one mistake."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from minicvt.verify.operations import Draw, Sample

Mistake = Callable[[Draw, Sample], Sample | None]
"""Returns the call with the mistake, or None where it cannot be made."""


def in_an_input(change: Callable[[Draw, Any], Any]) -> Mistake:
    """Change one input of those that can be changed."""

    def mistake(draw: Draw, sample: Sample) -> Sample | None:
        inputs = list(sample.inputs)
        made = {i: change(draw, x) for i, x in enumerate(inputs) if x is not None}
        possible = [i for i, x in made.items() if x is not None]
        if not possible:
            return None
        place = draw.one_of(*possible)
        inputs[place] = made[place]
        return replace(sample, inputs=tuple(inputs))

    return mistake


def longer(draw: Draw, x: Any) -> Any:
    """Append to one axis."""
    if not x.ndim:
        return None
    axis = draw.size(0, x.ndim - 1)
    widths = [(0, int(i == axis)) for i in range(x.ndim)]
    return np.pad(x, widths, constant_values=x.dtype.type(1))


def shorter(draw: Draw, x: Any) -> Any:
    """Take the last of one axis away."""
    axes = [axis for axis, n in enumerate(x.shape) if n]
    return np.delete(x, -1, draw.one_of(*axes)) if axes else None


def emptied(draw: Draw, x: Any) -> Any:
    """Take all of one axis away."""
    return np.delete(x, slice(None), draw.size(0, x.ndim - 1)) if x.ndim else None


def missing(draw: Draw, sample: Sample) -> Sample | None:
    """Leave an input out."""
    place = draw.size(0, len(sample.inputs) - 1)
    others = [x for i, x in enumerate(sample.inputs) if i != place and x is not None]
    if not others or sample.inputs[place] is None:
        return None
    inputs = [None if i == place else x for i, x in enumerate(sample.inputs)]
    return replace(sample, inputs=tuple(inputs))


def mixed(draw: Draw, sample: Sample) -> Sample | None:
    """Give one input another dtype than the others."""
    arrays = [i for i, x in enumerate(sample.inputs) if x is not None]
    if len(arrays) < 2:
        return None
    inputs: list[Any] = list(sample.inputs)
    place = draw.one_of(*arrays)
    inputs[place] = inputs[place].astype("float32")
    return replace(sample, inputs=tuple(inputs))


def is_whole(value: Any) -> bool:
    """Whether an option is an integer or several."""
    if isinstance(value, tuple):
        return bool(value) and all(map(is_whole, value))
    return isinstance(value, int) and not isinstance(value, bool)


def in_an_option(*wrong: Any) -> Mistake:
    """Give an option of integers, or one of its integers, another value."""

    def mistake(draw: Draw, sample: Sample) -> Sample | None:
        names = [name for name, value in sample.options.items() if is_whole(value)]
        if not names:
            return None
        name, bad = draw.one_of(*names), draw.one_of(*wrong)
        value = sample.options[name]
        if isinstance(value, tuple) and draw.one_of(True, False):
            place = draw.size(0, len(value) - 1)
            bad = (*value[:place], bad, *value[place + 1 :])
        return replace(sample, options=sample.options | {name: bad})

    return mistake


def other_length(draw: Draw, sample: Sample) -> Sample | None:
    """Give an option of several integers one more, or one less."""
    names = [name for name, v in sample.options.items() if isinstance(v, tuple)]
    if not names:
        return None
    name = draw.one_of(*names)
    value = sample.options[name]
    changed = draw.one_of((*value, *value[-1:]), value[:-1])
    return replace(sample, options=sample.options | {name: changed})


def in_an_array(draw: Draw, sample: Sample) -> Sample | None:
    """Lengthen, shorten or strip of an axis an array among the options."""
    arrays = {k: v for k, v in sample.options.items() if isinstance(v, np.ndarray)}
    made = {k: draw.one_of(longer, shorter, first)(draw, v) for k, v in arrays.items()}
    possible = [name for name, value in made.items() if value is not None]
    if not possible:
        return None
    name = draw.one_of(*possible)
    return replace(sample, options=sample.options | {name: made[name]})


def first(draw: Draw, x: Any) -> Any:
    """Take the first of the leading axis, which is then gone."""
    return np.asarray(x[0]) if x.ndim and len(x) else None


def out_of_range(draw: Draw, sample: Sample) -> Sample | None:
    """Ask for an axis or an element that there is not."""
    x: Any = sample.inputs[0]
    if "index" in sample.options:
        wrong = ((0,) * (x.ndim + 1), len(x), -len(x) - 1, np.array([len(x)]), 0.5)
        return replace(sample, options={"index": draw.one_of(*wrong)})
    if "axis" not in sample.options:
        return None
    axis = draw.one_of(x.ndim, -x.ndim - 1, (0, 0), (0, -x.ndim))
    return replace(sample, options=sample.options | {"axis": axis})


MISTAKES: dict[str, Mistake] = {
    "longer": in_an_input(longer),
    "shorter": in_an_input(shorter),
    "emptied": in_an_input(emptied),
    "an axis less": in_an_input(first),
    "an axis more": in_an_input(lambda draw, x: x[None]),
    "integers": in_an_input(lambda draw, x: x.astype("int64")),
    "missing": missing,
    "mixed dtypes": mixed,
    "zero": in_an_option(0),
    "negative": in_an_option(-1, -2),
    "too large": in_an_option(7, 99),
    "no integer": in_an_option(1.5, None, "1"),
    "other length": other_length,
    "an array": in_an_array,
    "out of range": out_of_range,
}
