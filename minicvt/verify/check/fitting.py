"""Names, shapes and counts of somebody's tensors beside the official ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from minicvt.accounting.errata import stand_in
from minicvt.interop.layouts import heads_of
from minicvt.kernels.types import Array
from minicvt.verify.check.official import OFFICIAL
from minicvt.verify.microscope.names import Names

COUNTER = "num_batches_tracked"
STATISTICS = ("running_mean", "running_var", COUNTER)


@dataclass(frozen=True)
class Fitting:
    """How their tensors fit, by our names.

    ``layout`` is whose names they have, "" if nobody's we know: then only
    ``parameters``, how many numbers there are, can be compared.
    """

    layout: str
    tensors: int
    parameters: int
    missing: tuple[str, ...] = ()
    unexpected: tuple[str, ...] = ()
    misshapen: tuple[str, ...] = ()

    @property
    def fits(self) -> bool:
        """Whether nothing is missing, too much, or of another shape."""
        same = self.parameters == OFFICIAL.meta["n_params"]
        return same and not (self.missing or self.unexpected or self.misshapen)


def fitting(state: Mapping[str, Array]) -> Fitting:
    """Compare a state with the official one; BatchNorm's counters do not count."""
    names = Names.of(state, "cvt")
    numbers = {k: v for k, v in state.items() if not k.endswith(STATISTICS)}
    parameters = sum(int(np.size(v)) for v in numbers.values())
    if names.layout is None:
        return Fitting("", len(state), parameters)
    found = {k: v for k, v in names.to_ours(state).items() if not k.endswith(COUNTER)}
    official = {k: v for k, v in OFFICIAL.state.items() if not k.endswith(COUNTER)}
    both = [name for name in official if name in found]
    return Fitting(
        names.layout.name,
        len(state),
        parameters,
        tuple(name for name in official if name not in found),
        tuple(name for name in found if name not in official),
        tuple(n for n in both if found[n].shape != official[n].shape),
    )


def official_as(state: Mapping[str, Array]) -> dict[str, Array]:
    """Return the official weights as far as a state has names and shapes for them.

    A convolution that stands for several gets the weights of the first; what has no
    counterpart keeps its own.
    """
    names = Names.of(state, "cvt")
    if names.layout is None:
        return {}
    ours = names.to_ours({k: v for k, v in state.items() if names.layout.knows(k)})
    for name, array in ours.items():
        official = OFFICIAL.state.get(stand_in(name))
        if official is not None and official.shape == array.shape:
            ours[name] = official
    return names.layout.to_theirs(ours, heads_of(OFFICIAL.config))
