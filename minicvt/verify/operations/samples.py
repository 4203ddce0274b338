"""Inputs that break symmetry, drawn at random.

Every choice comes from a ``random.Random``: Hypothesis hands out one that it can
shrink, a fuzz run may seed its own. Values come from a NumPy generator.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from random import Random
from typing import Any

import numpy as np

from minicvt.kernels.types import Array


def _strided(x: Array) -> Array:
    return np.repeat(x, 2, axis=-1)[..., ::2] if x.ndim else x


def _reversed(x: Array) -> Array:
    return x[..., ::-1].copy()[..., ::-1] if x.ndim else x


LAYOUTS = {
    "contiguous": lambda x: np.array(x, order="C"),
    "fortran": lambda x: np.array(x, order="F"),
    "strided": _strided,
    "reversed": _reversed,
}
"""How the same values may lie in memory; all but the first are non-contiguous."""


@dataclass(frozen=True, eq=False)
class Sample:
    """One call: float64 inputs (None: an optional one left out) and options.

    ``zero`` are positions of inputs whose gradient vanishes whatever the values,
    ``names`` what the inputs are called where the call does not say it.
    """

    inputs: tuple[Array | None, ...]
    options: dict[str, Any] = field(default_factory=dict)
    zero: tuple[int, ...] = ()
    layout: str = "contiguous"
    names: tuple[str, ...] = ()

    def cast(self, dtype: str) -> Sample:
        """Round inputs and floating options to ``dtype``, and lay the inputs out."""
        lay = LAYOUTS[self.layout]
        inputs = [None if x is None else lay(np.asarray(x, dtype)) for x in self.inputs]
        options = {name: _rounded(value, dtype) for name, value in self.options.items()}
        return replace(self, inputs=tuple(inputs), options=options)

    def apart(self) -> Sample:
        """Move tied values, which are half units apart, by less, and each otherwise.

        Where values tie a function has a corner, and no derivative to compare with.
        """
        arrays = [x for x in self.inputs if x is not None]
        total = sum(x.size for x in arrays)
        moves = np.random.default_rng(total).permutation(total) / max(total, 1)
        parts = np.split(0.05 + 0.4 * moves, np.cumsum([x.size for x in arrays])[:-1])
        moved = iter(
            x + part.reshape(x.shape) for x, part in zip(arrays, parts, strict=True)
        )
        inputs = tuple(None if x is None else next(moved) for x in self.inputs)
        return replace(self, inputs=inputs)

    def cotangent(self, shape: tuple[int, ...]) -> Array:
        """Return the cotangent of an output of this shape, laid out as the inputs."""
        random = np.random.default_rng([7, *shape]).normal(0.2, 1, shape)
        dtype = next(x.dtype for x in self.inputs if x is not None)
        return LAYOUTS[self.layout](random.astype("float32").astype(dtype))


def _rounded(value: Any, dtype: str) -> Any:
    if isinstance(value, dict):
        return {name: _rounded(inner, dtype) for name, inner in value.items()}
    floating = isinstance(value, np.ndarray) and value.dtype.kind == "f"
    return value.astype(dtype) if floating else value


class Draw:
    """Draws sizes, choices and arrays."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.rng = np.random.default_rng(random.getrandbits(32))

    def size(self, low: int = 1, high: int = 5) -> int:
        """Draw a length, the ends included."""
        return self.random.randint(low, high)

    def one_of(self, *options: Any) -> Any:
        """Choose one."""
        return self.random.choice(options)

    def maybe_none(self, low: int = 1, high: int = 5) -> int:
        """Draw a length, rarely 0."""
        return 0 if self.size(0, 9) == 9 else self.size(low, high)

    def batch(self) -> int:
        """Draw a batch size, rarely empty."""
        return self.one_of(1, 2, 3, 1, 2, 0)

    def shape(self, low: int = 0, high: int = 4) -> tuple[int, ...]:
        """Draw the shape of an array of ``low`` to ``high`` axes, rarely empty."""
        sizes = [self.size() for _ in range(self.size(low, high))]
        if sizes and self.size(0, 9) == 9:
            sizes[0] = 0
        return tuple(sizes)

    def stretched(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """Take away what broadcasting puts back: leading axes, lengths other than 1."""
        kept = shape[self.size(0, len(shape)) :] if self.size(0, 1) else shape
        return tuple(self.one_of(n, n, 1) for n in kept)

    def normal(self, *shape: int, center: float = 0.3) -> Array:
        """Draw normal values, not around 0: what is symmetric hides bugs."""
        return self.rng.normal(center, 1.5, shape)

    def moderate(self, *shape: int) -> Array:
        """Draw values in -4 .. 4: farther out, PyTorch's 1 + erf has no digits left."""
        return 2 * self.normal(*shape).clip(-2, 2)

    def positive(self, *shape: int) -> Array:
        """Draw values in 0.3 .. 3."""
        return self.rng.uniform(0.3, 3, shape)

    def tied(self, *shape: int) -> Array:
        """Draw few different values, so that many are equal."""
        return self.rng.integers(-2, 3, shape) / 2

    def window(self, pooled: bool = False) -> dict[str, tuple[int, int]]:
        """Draw kernel, stride and padding, each different along the two axes.

        What is ``pooled`` is padded by at most half of the kernel.
        """
        axes = []
        for _ in range(2):
            kernel, stride = self.size(1, 4), self.size(1, 3)
            axes.append((kernel, stride, self.size(0, kernel // 2 if pooled else 2)))
        names = ("kernel", "stride", "padding")
        return dict(zip(names, zip(*axes, strict=True), strict=True))

    def groups(self) -> int:
        """Draw into how many groups a convolution parts its channels."""
        return self.one_of(1, 1, 2, 3)

    def map(self, kernel: Any, padding: Any, channels: int) -> tuple[int, ...]:
        """Draw the shape of a map that the window fits into, odd and non-square."""
        least = [max(1, k - 2 * p) for k, p in zip(kernel, padding, strict=True)]
        h, w = (self.size(n, n + 5) for n in least)
        return (self.batch(), h, w, channels)
