"""Every operation of the registry: values and gradients against PyTorch."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from random import Random
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minicvt import Tensor, observe
from minicvt.blank import Blank
from minicvt.verify.operations import OPERATIONS, Entry
from tests.oracle import float32_units, float64_errors, our_answers

a_random = st.randoms(use_true_random=False)
every_operation = pytest.mark.parametrize(
    "entry", OPERATIONS.values(), ids=list(OPERATIONS)
)


def errors(entry: Entry, random: Random) -> dict[str, float]:
    """Draw a sample; return the relative float64 error of every answer."""
    return float64_errors(entry, entry.sample(random))


def float32_quantiles(
    entry: Entry, seeds: Iterable[int], quantiles: Sequence[float]
) -> dict[str, tuple[float, float]]:
    """Return, by answer and quantile of many samples, our error and PyTorch's.

    Of many: on one, PyTorch may be lucky, as where a sum cancels.
    """
    found = defaultdict(list)
    for seed in seeds:
        for name, units in float32_units(entry, entry.sample(Random(seed))).items():
            found[name].append(units)
    return {
        f"{name}, quantile {q}": tuple(np.quantile(units, q, axis=0))
        for name, units in found.items()
        for q in quantiles
    }


@every_operation
@given(random=a_random)
def test_float64(entry: Entry, random: Random) -> None:
    assert max(errors(entry, random).values()) <= entry.tolerance.value


@every_operation
def test_float32_is_as_accurate_as_pytorch(entry: Entry) -> None:
    """Within 4 times PyTorch's own error or 4 units, at worst and typically."""
    found = float32_quantiles(entry, range(200), (0.5, 1))
    for name, (ours, theirs) in found.items():
        assert ours <= max(4 * theirs, 4), name


@every_operation
@given(random=a_random)
def test_the_rule_knows_the_shape(entry: Entry, random: Random) -> None:
    """The rule alone, on blank inputs, answers what the operation then does."""
    sample = entry.sample(random).cast("float32")
    runs = []
    for make in (Tensor, lambda x: Tensor(Blank(x.shape, x.dtype))):
        inputs = [None if x is None else make(x) for x in sample.inputs]
        with observe() as events:
            entry.ours(*inputs, **sample.options)
        runs.append(events)
    for event, blank in zip(*runs, strict=True):
        assert event.output.shape == blank.output.shape == event.spec.shape
        assert event.output.dtype == blank.output.dtype == np.float32
        assert event.spec == blank.spec


@pytest.mark.parametrize(
    "name", ["power", "layer_norm", "add_layer_norm", "batch_norm", "attend"]
)
@given(random=a_random)
def test_numpy_numbers_among_the_options_promote_nothing(
    name: str, random: Random
) -> None:
    sample = OPERATIONS[name].sample(random).cast("float32")
    options: dict[str, Any] = {k: np.float64(v) for k, v in sample.options.items()}
    answers = our_answers(
        OPERATIONS[name].ours, sample.inputs, options, sample.cotangent
    )
    assert {answer.dtype for answer in answers.values()} == {np.dtype("float32")}
