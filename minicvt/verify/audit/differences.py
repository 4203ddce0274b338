"""How gradients are checked elsewhere: by differences, with the tolerances published.

Each takes a call and a generator, and says whether it is content.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from minicvt.kernels.types import Array
from minicvt.verify.audit.calls import Call


def one_index(call: Call, rng: np.random.Generator) -> bool:
    """Compare the sum's derivative by one random entry of each input."""
    gradients = call.gradients(np.ones)
    for position, x in enumerate(call.sample.inputs):
        if x is not None and x.size:
            index = int(rng.integers(x.size))
            slope = _difference(call, _unit(call, position, index), 1e-6).sum()
            if not np.allclose(_entry(gradients, position, index), slope, 1e-2, 1e-2):
                return False
    return True


def every_entry(call: Call, _: np.random.Generator) -> bool:
    """Compare the sum's derivative by every entry of every input."""
    gradients = call.gradients(np.ones)
    return all(
        np.allclose(_entry(gradients, position, index), slope.sum(), 1e-4, 1e-5)
        for position, index, slope in _slopes(call, 1e-4)
    )


def one_direction(call: Call, rng: np.random.Generator) -> bool:
    """Compare along one random direction, with a random cotangent."""
    inputs = call.sample.inputs
    move = [None if x is None else rng.normal(size=x.shape) for x in inputs]
    slope = _difference(call, move, 1e-4)
    cotangent = rng.normal(size=slope.shape)
    gradients = call.gradients(lambda shape: cotangent)
    pairs = zip(move, gradients, strict=True)
    ours = sum((m * g).sum() for m, g in pairs if m is not None and g is not None)
    return bool(np.allclose(ours, (slope * cotangent).sum(), 1e-5, 1e-5))


def jacobian(call: Call, _: np.random.Generator) -> bool:
    """Compare every entry of the Jacobian."""
    shape = call.value(call.sample.inputs).shape
    units = np.eye(int(np.prod(shape))).reshape(-1, *shape)
    rows = [call.gradients(lambda _, unit=unit: unit) for unit in units]
    for position, index, slope in _slopes(call, 1e-6):
        ours = [_entry(row, position, index) for row in rows]
        if not np.allclose(ours, slope.reshape(-1), 1e-3, 1e-5):
            return False
    return True


def _slopes(call: Call, step: float) -> Iterator[tuple[int, int, Array]]:
    """Yield the output's slope by every entry of every input."""
    for position, x in enumerate(call.sample.inputs):
        for index in range(0 if x is None else x.size):
            yield position, index, _difference(call, _unit(call, position, index), step)


def _difference(call: Call, move: list[Any], step: float) -> Array:
    """Return (f(x + h m) - f(x - h m)) / 2 h."""
    pairs: list[Any] = [*zip(call.sample.inputs, move, strict=True)]
    ahead = [None if x is None else x + step * m for x, m in pairs]
    behind = [None if x is None else x - step * m for x, m in pairs]
    return (call.value(ahead) - call.value(behind)) / (2 * step)


def _unit(call: Call, position: int, index: int) -> list[Any]:
    move = [None if x is None else np.zeros(x.shape) for x in call.sample.inputs]
    move[position].flat[index] = 1  # type: ignore[union-attr]
    return move


def _entry(gradients: list[Any], position: int, index: int) -> Any:
    return gradients[position].flat[index]
