"""Small parameters, updated together: a call takes longer than a bias of 24 numbers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, pairwise
from typing import Any

import numpy as np

from minicvt.kernels.types import Array
from minicvt.nn import Parameter

MOST = 1 << 16
"""Elements that are put together: more are worth a call of their own."""


@dataclass(frozen=True, eq=False)
class Bundle:
    """Named parameters that decay alike, and an optimiser's arrays for them.

    Those are flat, one after another in the order of the parameters.
    """

    parameters: Mapping[str, Parameter]
    decay: float
    state: Mapping[str, Array]

    def values(self) -> Array:
        """Return all values as one flat array."""
        return _flat([p.data for p in self.parameters.values()])

    def gradients(self) -> Array:
        """Return all gradients as one flat array; every parameter must have one."""
        return _flat([p.grad for p in self.parameters.values()])

    def replace(self, values: Array) -> None:
        """Give every parameter its part of a flat array, which is theirs then."""
        values.flags.writeable = False
        for parameter, part in zip(self.parameters.values(), self._parts, strict=True):
            parameter.hold(values[part].reshape(parameter.shape))

    def views(self, slot: str) -> dict[str, Array]:
        """Show one of the optimiser's arrays as each parameter's own."""
        flat = self.state[slot]
        parts = zip(self.parameters.items(), self._parts, strict=True)
        return {name: flat[part].reshape(p.shape) for (name, p), part in parts}

    def single(self, name: str) -> Bundle:
        """Return the part of one parameter: its arrays are views of these."""
        state = {slot: self.views(slot)[name].reshape(-1) for slot in self.state}
        return Bundle({name: self.parameters[name]}, self.decay, state)

    @cached_property
    def _parts(self) -> list[slice]:
        sizes = (parameter.size for parameter in self.parameters.values())
        return [slice(*ends) for ends in pairwise(accumulate(sizes, initial=0))]


def bundled(
    parameters: Mapping[str, Parameter],
    decay: Mapping[str, float],
    slots: Iterable[str],
) -> list[Bundle]:
    """Put together what decays alike: ``MOST`` elements, or one parameter of more."""
    together: list[dict[str, Parameter]] = []
    latest: dict[Any, dict[str, Parameter]] = {}
    for name, parameter in parameters.items():
        key = decay[name], parameter.dtype, parameter.requires_grad
        fits = key in latest and _size(latest[key]) + parameter.size <= MOST
        if not fits:
            together.append({})
        if not fits and parameter.size <= MOST:
            latest[key] = together[-1]
        (latest[key] if fits else together[-1])[name] = parameter
    return [_bundle(bundle, decay, slots) for bundle in together]


def _bundle(
    parameters: Mapping[str, Parameter],
    decay: Mapping[str, float],
    slots: Iterable[str],
) -> Bundle:
    name, parameter = next(iter(parameters.items()))
    size = _size(parameters)
    state = {slot: np.zeros(size, parameter.dtype) for slot in slots}
    return Bundle(parameters, decay[name], state)


def _size(parameters: Mapping[str, Parameter]) -> int:
    return sum(parameter.size for parameter in parameters.values())


def _flat(arrays: list[Array]) -> Array:
    one = len(arrays) == 1
    return arrays[0].reshape(-1) if one else np.concatenate(arrays, axis=None)
