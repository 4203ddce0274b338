"""The kinds of check that mutants run against: other people's, and our own suite.

A check of single operations tries each operation that runs the mutated function, with
calls drawn from the registry: those of few entries for what looks closely, and any for
the others. One of the whole suite is tried once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from minicvt.verify.audit import differences, suite
from minicvt.verify.audit.calls import WINDOWED, WINDOWS, Call, small_call, window_call
from minicvt.verify.gradients import gradcheck
from minicvt.verify.operations import OPERATIONS


class Check(NamedTuple):
    """A kind of check: what it does, and how to ask whether it is content.

    ``ask`` takes an operation's name and the number of a call, or, asked ``once``,
    nothing. ``only``: operations it is for, if not for all; ``calls``: how many it
    takes, if not as many as others; ``ours``: it belongs to our suite.
    """

    says: str
    ask: Callable[..., bool]
    once: bool = False
    only: tuple[str, ...] = tuple(OPERATIONS)
    calls: int | None = None
    ours: bool = False

    def first_call(self, operations: Iterable[str], calls: int) -> int | None:
        """Return the first call, from 1, with which it is not content, or None.

        Every operation is asked about a call before any is about the next.
        """
        if self.once:
            return None if self.content() else 1
        names = [name for name in operations if name in self.only]
        for number in range(self.calls or calls):
            if not all(self.content(name, number) for name in names):
                return number + 1
        return None

    def content(self, *about: Any) -> bool:
        """Ask; a check in which something is raised is not content."""
        try:
            return self.ask(*about)
        except Exception:
            return False


def _closely(
    check: Callable[[Call, np.random.Generator], bool], name: str, number: int
) -> bool:
    return check(small_call(name, number), np.random.default_rng(number))


def our_gradcheck(name: str, number: int) -> bool:
    """Run minicvt.verify.gradcheck on a small call."""
    call = small_call(name, number)
    inputs = call.sample.inputs

    def function(*given: object) -> object:
        rest = iter(given)
        every = [None if x is None else next(rest) for x in inputs]
        return call.function(*every, **call.sample.options)

    return gradcheck(function, *[x for x in inputs if x is not None]).ok


CHECKS = {
    "one index": Check(
        "sum as the loss, one random entry of each input, step 1e-6, tolerance 1e-2 "
        "(minitorch's grad_check)",
        partial(_closely, differences.one_index),
    ),
    "every entry": Check(
        "sum as the loss, every entry, step 1e-4, tolerances 1e-4 and 1e-5 (DeZero's "
        "gradient_check)",
        partial(_closely, differences.every_entry),
    ),
    "direction": Check(
        "one random direction and a random cotangent, step 1e-4, tolerance 1e-5 (JAX's "
        "check_grads)",
        partial(_closely, differences.one_direction),
    ),
    "Jacobian": Check(
        "every entry of the Jacobian, step 1e-6, tolerances 1e-3 and 1e-5 (PyTorch's "
        "gradcheck)",
        partial(_closely, differences.jacobian),
    ),
    "gradcheck": Check(
        "minicvt.verify.gradcheck: three random directions and cotangents, "
        "extrapolated, tolerance 1e-7",
        our_gradcheck,
        ours=True,
    ),
    "untouched": Check(
        "in f(x) + z both terms get the cotangent that they get alone, to the bit",
        suite.untouched,
        ours=True,
    ),
    "float32": Check(
        "of float32 inputs every output and gradient is float32",
        suite.stays_float32,
        ours=True,
    ),
    "PyTorch": Check(
        "outputs and gradients of calls of any size and layout, ties among them, "
        "beside PyTorch's, tolerance 1e-10; cut up, for images and for two threads",
        suite.like_pytorch_in_parts,
        ours=True,
    ),
    "windows": Check(
        "the same for each window of 1 to 3 by 1 to 3 pixels, with each such stride, "
        "padded or not",
        partial(suite.like_pytorch, draw=window_call),
        only=WINDOWED,
        calls=len(WINDOWS),
        ours=True,
    ),
    "fixtures": Check(
        "logits, losses and every gradient of three tiny models of the official code, "
        "tolerance 1e-9",
        suite.fixtures,
        once=True,
        ours=True,
    ),
}
"""Kinds of check, by name."""

ENGINE_CHECKS = {
    **{name: check for name, check in CHECKS.items() if name != "windows"},
    "graphs": Check(
        "gradients of graphs beside PyTorch's: residuals in series, fan-out, split and "
        "join, random ones (tests/engine/test_graphs.py)",
        suite.graphs,
        once=True,
        ours=True,
    ),
    "promises": Check(
        "what the engine promises: sums over calls, freed graphs, refusals, dtypes, "
        "copies (tests/engine)",
        suite.promises,
        once=True,
        ours=True,
    ),
}
"""Those that look at the engine, and its own tests."""
