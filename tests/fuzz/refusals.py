"""What PyTorch rejects, we reject, in one line; where we alone do, it is listed why."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Iterator
from random import Random
from typing import Any, NamedTuple

import numpy as np

from minicvt.errors import MinicvtError
from minicvt.verify.operations import OPERATIONS, Draw, Entry, Sample
from tests.fuzz.mistakes import MISTAKES
from tests.oracle import Answers, our_side, relative_error, their_side

STRICTER = {
    r"inputs must all be float32 or all float64": "Nothing changes a dtype by itself. "
    "PyTorch promotes where it can, and does not ask where there are no elements.",
    r"cannot read (shape|axes)=-?\d": "PyTorch takes a number for a tuple of one.",
    r"must be one or two integers, got \(": "PyTorch takes one in a tuple for both.",
    r"stride must .* got None": "PyTorch's pooling then takes the kernel.",
    r"does not fit shape \(\)": "PyTorch lets a number have one axis.",
    r"mean: no elements": "PyTorch's mean of nothing is NaN.",
    r"softmax: the last axis": "PyTorch's softmax of a number is 1.",
    r"transpose: axes": "PyTorch counts negative axes from the end.",
    r"broadcast_to: .* does not": "PyTorch keeps a length that is called -1.",
    r"concatenate: .*\(0,\)": "PyTorch passes over vectors without elements.",
    r"pad: .* for each axis": "PyTorch pads the last axes alone if there are fewer.",
    r"matmul: .* needs": "PyTorch multiplies vectors too.",
    r"linear: weight": "PyTorch takes a vector for a matrix of one row.",
    r"(linear|gelu|gelu_tanh|quick_gelu|silu|relu): bias": "There it broadcasts.",
    r"attend: (q|bias) .* (should be|to) \(": "Their products broadcast.",
    r"needs x, weight, bias": "PyTorch's norms may have neither weight nor bias.",
    r"batch_norm.* should be": "PyTorch counts elements, and where the map has none "
    "does not even that.",
    r"not empty, got": "PyTorch lets maps without pixels pass where there are none.",
    r"batch_norm: training needs two": "PyTorch lets an empty batch pass.",
    r"pool2d: kernel .* is larger": "PyTorch's ceil_mode lets one hang over.",
}
"""What we say where PyTorch goes on, and what it does there."""

OTHERWISE = {
    "axis=()": "No axis: then nothing is reduced, as in NumPy. PyTorch reduces all.",
}
"""Options that both take, for two things."""


class Wrong(NamedTuple):
    """What is wrong, and which case shows it."""

    what: str
    case: str = ""


class Attempt(NamedTuple):
    """One call with one mistake in it."""

    name: str
    mistake: str
    number: int

    def __str__(self) -> str:
        return f"{self.name}: {self.mistake} #{self.number}"


class Refusal(NamedTuple):
    """Who refused: "both", "we", "neither", or "PyTorch"; and what we said."""

    by: str
    said: str = ""


def every_attempt(each: int) -> Iterator[Attempt]:
    """List ``each`` attempts at every mistake in every operation."""
    for name in OPERATIONS:
        for mistake in MISTAKES:
            yield from (Attempt(name, mistake, number) for number in range(each))


def read(text: str) -> Attempt:
    """Read what an attempt is written as."""
    name, _, rest = text.partition(": ")
    mistake, _, number = rest.partition(" #")
    return Attempt(name, mistake, int(number))


def call(attempt: Attempt, seed: int) -> Sample | None:
    """Draw the call, or None where the mistake cannot be made in it."""
    draw = Draw(Random(f"{seed} {attempt}"))
    right = OPERATIONS[attempt.name].draw(draw).cast("float64")
    return MISTAKES[attempt.mistake](draw, right)


def refused(attempt: Attempt, seed: int) -> Refusal | None:
    """Try both libraries; None where there is no call to try.

    Raises ``AssertionError`` unless we refuse what PyTorch does, in one line of ours,
    and agree on what both let pass.
    """
    sample = call(attempt, seed)
    if sample is None:
        return None
    entry = OPERATIONS[attempt.name]
    ours, theirs = (attempted(side, entry, sample) for side in (our_side, their_side))
    if isinstance(ours, Exception):
        said = check_ours(ours)
        return Refusal("both" if isinstance(theirs, Exception) else "we", said)
    assert not isinstance(theirs, Exception), f"we let pass what gives {theirs!r}"
    check_agreed(sample, ours, theirs)
    return Refusal("neither")


def attempted(
    side: Callable[[Entry, Sample], Answers], entry: Entry, sample: Sample
) -> Answers | Exception:
    """Return what one library answers, or how it refuses."""
    try:
        with np.errstate(all="ignore"), warnings.catch_warnings(action="ignore"):
            return side(entry, sample)
    except Exception as error:
        return error


def check_ours(error: Exception) -> str:
    """Hold us to errors of ours on one line, or to a call that lacks something."""
    called = isinstance(error, TypeError) and ": needs " in str(error)
    assert isinstance(error, MinicvtError) or called, f"we raise {error!r}"
    assert len(str(error).splitlines()) == 1, f"{error!r} has several lines"
    return str(error)


def check_agreed(sample: Sample, ours: Answers, theirs: Answers) -> None:
    """Both let it pass: then their answers are equal, but where it is said why not."""
    if any(f"{name}={value}" in OTHERWISE for name, value in sample.options.items()):
        return
    assert set(ours) == set(theirs)
    for name, expected in theirs.items():
        apart = relative_error(*map(known, (ours[name], expected)), 1e-3)
        assert apart <= 1e-6, f"{name} is off by {apart:.1e} from PyTorch's"


def known(x: Any) -> Any:
    """Put numbers in place of NaN and infinity, which both libraries may answer."""
    return np.nan_to_num(x, nan=3.0, posinf=5.0, neginf=7.0)


def reason(said: str) -> str | None:
    """Find the row of ``STRICTER`` for what we say where PyTorch goes on."""
    return next((words for words in STRICTER if re.search(words, said)), None)


class Refusals:
    """Counts of who refused what, added up attempt by attempt."""

    def __init__(self) -> None:
        self.by: dict[str, dict[str, int]] = {}
        self.met: set[str] = set()
        self.wrong: list[Wrong] = []

    def add(self, attempt: Attempt, seed: int) -> None:
        """Try one, and note what came of it."""
        counts = self.by.setdefault(attempt.name, dict.fromkeys(BY, 0))
        try:
            refusal = refused(attempt, seed)
        except AssertionError as error:
            self.wrong.append(Wrong(str(error), str(attempt)))
            return
        if refusal is None:
            return
        counts[refusal.by] += 1
        if refusal.by == "we":
            row = reason(refusal.said)
            self.met |= {row} - {None}
            if row is None:
                what = f"PyTorch lets pass what we do not: {refusal.said}"
                self.wrong.append(Wrong(what, str(attempt)))

    def unmet(self) -> list[Wrong]:
        """List the rows of ``STRICTER`` that nothing needed."""
        rows = [words for words in STRICTER if words not in self.met]
        return [Wrong(f"nothing was refused for {words!r}") for words in rows]


BY = ("both", "we", "neither")
