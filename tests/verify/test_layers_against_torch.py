"""Every layer of the registry, as a function of its parameters, against PyTorch."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest
from hypothesis import given

from minicvt.verify.golden.summary import errors as golden_errors
from minicvt.verify.golden.summary import packed, summaries
from minicvt.verify.layers import LAYERS
from minicvt.verify.operations import Entry
from minicvt.verify.papers import MODELS
from tests.operations.test_against_torch import a_random, errors, float32_quantiles
from tests.oracle import both_answers, relative_error

every_layer = pytest.mark.parametrize("entry", LAYERS.values(), ids=list(LAYERS))


@every_layer
@given(random=a_random)
def test_float64(entry: Entry, random: Random) -> None:
    assert max(errors(entry, random).values()) <= entry.tolerance.value


@every_layer
def test_float32_is_as_accurate_as_pytorch(entry: Entry) -> None:
    """Within 4 times PyTorch's own error or 4 units, in 95 of 100 samples.

    In the others several operations in a row amplify what the first one rounds, and
    whose last bit that is, is luck.
    """
    found = float32_quantiles(entry, range(100), (0.5, 0.95))
    for name, (ours, theirs) in found.items():
        assert ours <= max(4 * theirs, 4), name


@every_layer
def test_gradients_said_to_vanish_do(entry: Entry) -> None:
    """Then a floor stands in for what the error is relative to."""
    for seed in range(20):
        sample = entry.sample(Random(seed)).cast("float64")
        for answers in both_answers(entry, sample):
            for position in sample.zero:
                gradient = answers.get(f"gradient {position}", np.zeros(()))
                assert np.abs(gradient).max(initial=0) <= 1e-9


@pytest.mark.parametrize("entry", MODELS.values(), ids=list(MODELS))
def test_small_models(entry: Entry) -> None:
    """Of every paper, written again in PyTorch; what vanishes is not relative to 0."""
    for seed in range(3):
        sample = entry.sample(Random(seed)).cast("float64")
        ours, theirs = both_answers(entry, sample)
        for name, error in golden_errors(ours, packed(summaries(theirs))):
            assert error <= 1e-9, name
        assert relative_error(ours["output 0"], theirs["output 0"]) <= 1e-12
