"""Which functions work on the way back, and for which operations: found by watching.

Every operation of the registry runs there and back under a profiler. What is seen on
the way back are the pullbacks, the kernels they call, and what these are made of: the
places where a bug could be. None is listed by hand, so none is forgotten.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache, partial
from itertools import product
from types import FrameType
from typing import Any, NamedTuple
from warnings import catch_warnings

import numpy as np

from minicvt import kernels, threads
from minicvt.errors import MinicvtError
from minicvt.tensor import Tensor
from minicvt.verify.audit import suite
from minicvt.verify.audit.calls import any_call
from minicvt.verify.audit.mutant import Mutant
from minicvt.verify.operations import OPERATIONS

BODIES = ("numpy", "loops")
"""Kernels whose source Python runs; the compiled ones are held equal to these."""

CALLS = 25
FLOORS = ("minicvt.ops.", "minicvt.kernels.")
MACHINERY = tuple(
    f"minicvt.{name}"
    for name in ("ops.operation", "ops.calls", "ops.known", "kernels.select")
)


class Place(NamedTuple):
    """A function of a module, with all that is defined inside it."""

    module: str
    function: str


@dataclass
class Reach:
    """Whose function this is, and when it runs.

    ``there``: on the way to the output too; ``back``: on the way back; ``whole``: there
    the function itself and not only what is defined inside it, as a pullback is.
    """

    operations: set[str] = field(default_factory=set)
    there: bool = False
    back: bool = False
    whole: bool = False

    @property
    def shared(self) -> bool:
        """Whether the function itself runs on both ways."""
        return self.whole and self.there


def reach_of(mutant: Mutant) -> Reach:
    """Return whose function a mutant is in.

    Raises ``MinicvtError`` for one that no operation runs on the way back.
    """
    place = Place(mutant.module, mutant.function)
    if place not in reached():
        raise MinicvtError(f"{mutant}: no operation runs that on the way back")
    return reached()[place]


@cache
def reached() -> dict[Place, Reach]:
    """Return each function of operations and kernels that works on the way back."""
    watch = _Watch()
    for body in BODIES:
        with catch_warnings(action="ignore"), kernels.use(body):
            for watch.operation, number in product(OPERATIONS, range(CALLS)):
                call = any_call(watch.operation, number)
                watch(partial(call.gradients, np.ones))
    found = {place: reach for place, reach in watch.found.items() if reach.back}
    return {place: found[place] for place in sorted(found)}


@cache
def of_fixtures() -> set[Place]:
    """Return the functions that the official fixtures run."""
    watch = _Watch()
    with kernels.use("numpy"):
        watch(suite.fixtures)
    return set(watch.found)


class _Watch:
    """Runs something and notes every function of ours that it enters."""

    def __init__(self) -> None:
        self.found: dict[Place, Reach] = {}
        self.operation = ""
        self._back = False

    def __call__(self, run: Callable[[], Any]) -> None:
        before = sys.getprofile()
        sys.setprofile(self._note)
        try:
            with threads.limit(1):  # a profiler watches one thread
                run()
        finally:
            sys.setprofile(before)

    def _note(self, frame: FrameType, event: str, _: Any) -> None:
        code, module = frame.f_code, frame.f_globals.get("__name__", "")
        if event not in ("call", "return"):
            return
        if code is Tensor.backward.__code__:
            self._back = event == "call"
        elif event == "call" and module.startswith(FLOORS) and module not in MACHINERY:
            function, inside, _ = code.co_qualname.partition(".<locals>")
            if function == "<module>":  # imported at its first call
                return
            reach = self.found.setdefault(Place(module, function), Reach())
            reach.operations.add(self.operation)
            reach.there |= not self._back and not inside
            reach.back |= self._back
            reach.whole |= self._back and not inside
