"""Calls that checks try an operation with, and small ones for those that look closely.

All come from the registry, each drawn from a whole number: the round. A check that
looks at every entry takes draws of few; one that takes differences stays off corners,
where a function has no derivative.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from itertools import count, islice, product
from random import Random
from typing import Any, NamedTuple

import numpy as np

from minicvt.kernels.types import Array
from minicvt.tensor import no_grad
from minicvt.verify.operations import OPERATIONS, Draw, Sample
from minicvt.verify.oracle import our_answers

ENTRIES = 40
"""A small call has no more in all its inputs, nor in its output, and not none."""

CORNERED = ("maximum", "abs", "relu", "max", "max_pool2d")
"""Operations drawn with ties, which is where they have corners."""


class Call(NamedTuple):
    """A function of Tensors, with inputs (None: left out) and options, float64."""

    function: Callable[..., Any]
    sample: Sample

    def value(self, inputs: Any) -> Array:
        """Run it on other inputs; what follows the output is left out."""
        with no_grad():
            outputs = self.function(*inputs, **self.sample.options)
        output = outputs[0] if isinstance(outputs, tuple) else outputs
        return np.asarray(output.numpy())

    def gradients(self, cotangent: Any) -> list[Array | None]:
        """Return one for each input; ``cotangent`` makes one from the output's shape.

        Raises ``ValueError`` for a gradient that has not its input's shape.
        """
        inputs, options = self.sample.inputs, self.sample.options
        answers = our_answers(self.function, inputs, options, cotangent)
        found = [answers.get(f"gradient {i}") for i in range(len(inputs))]
        for x, gradient in zip(inputs, found, strict=True):
            if x is not None and (gradient is None or gradient.shape != x.shape):
                raise ValueError("a gradient has not its input's shape")
        return found


WINDOWED = (
    "im2col",
    "col2im",
    "conv2d",
    "depthwise_conv2d",
    "max_pool2d",
    "avg_pool2d",
)
"""Operations that slide a window."""

WINDOWS = tuple(product(*[(1, 2, 3)] * 4, (0, 1), (0, 1)))
"""Every kernel and stride of 1 to 3 along each axis, padded by 0 or 1."""


@cache
def any_call(name: str, number: int) -> Call:
    """Return an operation's call of one round, as the suite would meet it."""
    entry = OPERATIONS[name]
    return Call(entry.ours, entry.sample(Random(number)).cast("float64"))


@cache
def window_call(name: str, number: int) -> Call:
    """Return its call with one of ``WINDOWS``."""
    entry, draw = OPERATIONS[name], _Chosen(Random(number))
    draw.chosen = WINDOWS[number]
    return Call(entry.ours, entry.draw(draw).cast("float64"))


class _Chosen(Draw):
    """Draws all but the window, and never nothing."""

    chosen: tuple[int, ...]

    def batch(self) -> int:
        """Two images."""
        return 2

    def window(self, pooled: bool = False) -> dict[str, tuple[int, int]]:
        """Return it; what is pooled is padded by at most half of the kernel."""
        down, across, *stride, above, beside = self.chosen
        if pooled:
            above, beside = min(above, down // 2), min(beside, across // 2)
        return {
            "kernel": (down, across),
            "stride": (stride[0], stride[1]),
            "padding": (above, beside),
        }


@cache
def small_call(name: str, number: int) -> Call:
    """Return its small call of one round, off the corners."""
    found = (any_call(name, seed) for seed in count())
    small = next(islice(filter(_is_small, found), number, None))
    return _off_corners(small) if name in CORNERED else small


def _is_small(call: Call) -> bool:
    entries = sum(x.size for x in call.sample.inputs if x is not None)
    return 0 < entries <= ENTRIES and 0 < _size(call) <= ENTRIES


def _size(call: Call) -> int:
    return call.value(call.sample.inputs).size


def _off_corners(call: Call) -> Call:
    """Move tied values, which are half units apart, by less, and all apart."""
    inputs = [x for x in call.sample.inputs if x is not None]
    total = sum(x.size for x in inputs)
    steps = np.random.default_rng(total).permutation(total)
    moves = iter(0.4 * (steps + 0.75) / total - 0.2)
    moved = tuple(_moved(x, moves) for x in inputs)
    return call._replace(sample=replace(call.sample, inputs=moved))


def _moved(x: Array, moves: Iterator[float]) -> Array:
    return np.asarray(x + np.array([*islice(moves, x.size)]).reshape(x.shape))
