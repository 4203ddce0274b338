"""PyTorch as the oracle: minicvt.verify.oracle with PyTorch in its place."""

from __future__ import annotations

from functools import partial

import numpy as np
import torch

from minicvt.verify import oracle
from minicvt.verify.operations import Entry, Sample
from minicvt.verify.oracle import Answers, nhwc, our_answers, relative_error

__all__ = [
    "Answers",
    "both_answers",
    "float32_units",
    "float64_errors",
    "nchw",
    "nhwc",
    "our_answers",
    "relative_error",
    "to_torch",
    "torch_answers",
]

to_torch = partial(oracle.to_torch, torch)
nchw = partial(oracle.nchw, torch)
torch_answers = partial(oracle.torch_answers, torch)


def our_side(entry: Entry, sample: Sample) -> Answers:
    """Call the operation or layer of an entry, there and back."""
    return our_answers(entry.ours, sample.inputs, sample.options, sample.cotangent)


def their_side(entry: Entry, sample: Sample) -> Answers:
    """Call PyTorch's counterpart."""
    theirs = partial(entry.theirs, torch)
    return torch_answers(theirs, sample.inputs, sample.options, sample.cotangent)


def both_answers(entry: Entry, sample: Sample) -> tuple[Answers, Answers]:
    """Answer a call of both, which say the same things."""
    ours, theirs = our_side(entry, sample), their_side(entry, sample)
    assert set(ours) == set(theirs)
    return ours, theirs


def floors(sample: Sample, exact: Answers, share: float) -> dict[str, float]:
    """Return, by answer, the least number that its error is relative to.

    A gradient that vanishes whatever the values has nothing to be relative to. Which
    do is said by the sample; where nobody knows, ``share`` of the largest answer
    stands in for what is smaller.
    """
    vanishing = {f"gradient {position}" for position in sample.zero}
    largest = max(float(np.abs(answer).max(initial=0)) for answer in exact.values())
    return {name: max(share * largest, name in vanishing) for name in exact}


def float64_errors(
    entry: Entry, sample: Sample, share: float = 0.0
) -> dict[str, float]:
    """Return the relative error of every answer."""
    ours, theirs = both_answers(entry, sample.cast("float64"))
    least = floors(sample, theirs, share)
    return {
        name: relative_error(ours[name], theirs[name], least[name]) for name in ours
    }


def float32_units(
    entry: Entry, sample: Sample, share: float = 0.0
) -> dict[str, tuple[float, float]]:
    """Return our float32 error of every answer, and PyTorch's own.

    Both against PyTorch in float64, in units in the last place of the largest value.
    """
    sample = sample.cast("float32")
    both = both_answers(entry, sample)
    exact = their_side(entry, sample.cast("float64"))
    least = floors(sample, exact, share)
    units = {}
    for name, expected in exact.items():
        assert both[0][name].dtype == np.float32
        largest = np.abs(expected).max(initial=least[name])
        apart = [np.abs(answers[name] - expected).max(initial=0) for answers in both]
        units[name] = tuple(apart / np.spacing(np.float32(largest)))
    return units
