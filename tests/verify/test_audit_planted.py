"""Bugs made by hand: each has one place in today's source, and leaves no trace."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from minicvt import kernels, ops
from minicvt.errors import MinicvtError
from minicvt.kernels.normalization import vectorized
from minicvt.verify.audit import run
from minicvt.verify.audit.mutant import Mutant, planted
from minicvt.verify.audit.planted import ENGINE, PULLBACKS
from minicvt.verify.audit.reach import reach_of
from minicvt.verify.audit.totals import family, own_bugs
from minicvt.verify.audit.trial import is_engine
from minicvt.verify.operations import OPERATIONS

BY_HAND = [*PULLBACKS, *ENGINE]
GAMMA = Mutant(
    "minicvt.kernels.normalization.vectorized",
    "layer_norm_backward",
    "gamma is forgotten",
    "g = weight * dy",
    "g = dy",
)


@pytest.mark.parametrize("mutant", BY_HAND, ids=lambda m: f"{m.function}: {m.says}")
def test_each_has_one_place_and_can_be_planted(mutant: Mutant) -> None:
    edited, healthy = mutant.code(), mutant.target().__code__
    assert edited != healthy
    assert edited.co_qualname == healthy.co_qualname
    assert edited.co_freevars == healthy.co_freevars
    assert mutant.by_hand


def test_there_are_enough_of_them() -> None:
    assert len(BY_HAND) >= 120
    assert len(ENGINE) >= 15
    assert all(map(is_engine, ENGINE))
    assert not any(map(is_engine, PULLBACKS))


def test_no_two_are_the_same() -> None:
    counted = Counter((m.function, m.line, m.edited) for m in BY_HAND)
    assert counted.most_common(1)[0][1] == 1
    named = Counter((m.module, m.function, m.says) for m in BY_HAND)
    assert named.most_common(1)[0][1] == 1


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_pullback_has_three_of_its_own(name: str) -> None:
    assert own_bugs(BY_HAND)[name] >= 3


def test_an_operation_without_planted_bugs_is_counted() -> None:
    others = [mutant for mutant in PULLBACKS if mutant.function != "exp"]
    assert own_bugs(others)["exp"] == 0


def test_every_family_is_one_that_is_meant() -> None:
    assert {family(mutant) for mutant in run.every_mutant()} == {
        *("elementwise", "activation", "shape", "reductions", "products", "attention"),
        *("losses", "convolution", "pooling", "normalization", "engine"),
    }


def test_what_no_operation_runs_on_the_way_back_is_named() -> None:
    there = Mutant("minicvt.ops.linear", "_linear_rule", "", "weight[:1]", "weight")
    with pytest.raises(MinicvtError, match="no operation runs that on the way back"):
        reach_of(there)


def test_a_planted_bug_is_wherever_the_function_was_handed_on() -> None:
    body = kernels.layer_norm_backward.body("numpy")
    healthy = body.__code__
    with planted(GAMMA):
        assert body.__code__ is not healthy
        assert body.__code__ != healthy
    assert body.__code__ is healthy


def test_it_is_gone_after_an_error() -> None:
    healthy = vectorized.layer_norm_backward.__code__
    with pytest.raises(ZeroDivisionError), planted(GAMMA):
        raise ZeroDivisionError
    assert vectorized.layer_norm_backward.__code__ is healthy


def test_what_is_under_a_decorator_is_found() -> None:
    edit = Mutant("minicvt.ops.elementwise", "negative", "", "(-d,)", "(d,)")
    assert edit.target() is ops.negative.__wrapped__
    method = Mutant("minicvt.tensor", "Tensor.backward", "", "joined = 0", "pass")
    assert method.target().__qualname__ == "Tensor.backward"


def test_how_an_edit_reads() -> None:
    assert GAMMA.line == "g = weight * dy"
    assert GAMMA.edited == "g = dy"


@pytest.mark.parametrize(("before", "times"), [("beta", 0), ("xhat", 6)])
def test_an_edit_needs_one_place(before: str, times: int) -> None:
    edit = replace(GAMMA, before=before)
    with pytest.raises(MinicvtError, match=f"expected that text once, got it {times}"):
        edit.code()


def test_an_edit_needs_its_function() -> None:
    edit = replace(GAMMA, function="layer_norm_backwards")
    with pytest.raises(MinicvtError, match="expected a function layer_norm_backwards"):
        edit.code()
