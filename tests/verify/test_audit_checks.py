"""The checks that mutants run against: no false alarms, and what they see and miss."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

import numpy as np
import pytest

from minicvt.errors import MissingPackage
from minicvt.kernels.convolution import product
from minicvt.verify.audit import calls, suite, trial
from minicvt.verify.audit.checks import CHECKS
from minicvt.verify.audit.mutant import Mutant
from minicvt.verify.audit.planted import PULLBACKS
from minicvt.verify.operations import OPERATIONS

SUMS = ("one index", "every entry")
"""Checks whose loss is the sum of the output."""

RANDOM = ("direction", "gradcheck", "PyTorch")
"""Checks with random cotangents."""


@pytest.fixture(autouse=True, scope="module")
def _prepared() -> Iterator[None]:
    trial.prepare()
    with trial.steady():
        yield


@pytest.mark.parametrize("name", CHECKS)
def test_right_code_raises_no_alarm(name: str) -> None:
    runs, complaints = trial.complaints(name)
    assert complaints == 0
    assert runs > 1000 or CHECKS[name].once


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_pullback_leaves_its_cotangent_alone(name: str) -> None:
    assert all(suite.untouched(name, number) for number in range(100))


@pytest.mark.parametrize("name", OPERATIONS)
def test_small_calls_are_small_and_not_nothing(name: str) -> None:
    for number in range(5):
        call = calls.small_call(name, number)
        entries = sum(x.size for x in call.sample.inputs if x is not None)
        assert 0 < entries <= calls.ENTRIES
        assert 0 < call.value(call.sample.inputs).size <= calls.ENTRIES


@pytest.mark.parametrize("name", calls.CORNERED)
def test_calls_for_differences_stay_off_corners(name: str) -> None:
    for number in range(25):
        inputs = calls.small_call(name, number).sample.inputs
        values = np.concatenate([[0.0], *(x.ravel() for x in inputs if x is not None)])
        apart = np.diff(np.sort(values))
        assert apart.min() > 1e-3


def test_every_window_is_met_once() -> None:
    assert len(set(calls.WINDOWS)) == len(calls.WINDOWS) == 3**4 * 2**2
    for name in calls.WINDOWED:
        call = calls.window_call(name, Random(1).randrange(len(calls.WINDOWS)))
        assert len(call.sample.inputs[0]) == 2  # images, so that there is something


def found(function: str, says: str) -> trial.Trial:
    """Try the bug of that name."""
    chosen = [m for m in PULLBACKS if (m.function, m.says) == (function, says)]
    return trial.attempt(*chosen)


def seen_by(function: str, says: str) -> set[str]:
    tried = found(function, says)
    assert not tried.survives
    return {name for name in CHECKS if tried.caught(name)}


def test_a_sum_as_the_loss_does_not_see_a_forgotten_cotangent() -> None:
    seen = seen_by("soft_cross_entropy", "cotangent ignored")
    assert seen.isdisjoint(SUMS)
    assert "Jacobian" not in seen  # of a scalar: its one cotangent is 1
    assert seen.issuperset(RANDOM)


def test_differences_do_not_see_what_happens_in_a_corner() -> None:
    seen = seen_by("maximum", "equal ones get nothing")
    assert seen == {"PyTorch"}


def test_differences_do_not_see_what_is_wrong_there_and_back_alike() -> None:
    seen = seen_by("_count", "the padding counts where it must not")
    assert seen == {"PyTorch", "windows", "fixtures"}


def test_single_calls_do_not_see_a_write_into_the_cotangent() -> None:
    assert seen_by("relu_backward", "writes into its cotangent") == {"untouched"}


def test_a_bug_of_many_parts_needs_many_parts() -> None:
    """Or a map as large as those of the fixtures, which have one image a part."""
    size = product.PART_BYTES
    seen = seen_by("Convolution.conv2d_weight_grad", "the last part only")
    assert seen == {"PyTorch"}
    assert size == product.PART_BYTES


def test_a_trial_notices_what_was_left_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(suite, "like_pytorch", lambda *about: False)
    with pytest.raises(RuntimeError, match="left something behind"):
        found("add", "each gets half")


def test_a_mechanical_mutant_that_raises_is_not_tried() -> None:
    edit = Mutant("minicvt.ops.linear", "rows", "constant", "-1", "7", _start("rows"))
    assert trial.attempt(edit) == trial.Trial(edit, {}, raises=True)


def _start(function: str) -> int:
    from minicvt.verify.audit.source import source

    whole = source("minicvt.ops.linear")
    first, last = whole.span(whole.function(function))
    return whole.text.index(b"-1", whole.text.index(b"return", first), last)


def test_outside_a_clone_it_says_what_is_missing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with pytest.raises(
        MissingPackage, match="minicvt's own tests: start it in a clone"
    ):
        suite.own("no_such_tests")
