"""Paired ratios: what moves them, and when they are not given."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from minicvt.bench.ratios import APART, FEWEST, SPREAD, groups, quartiles, ratio

seconds = st.floats(1e-6, 1e3)
near = st.floats(0.99, 1.01)


@given(st.lists(st.tuples(seconds, seconds), min_size=1, max_size=20))
def test_the_median_lies_between_the_quartiles_and_swapping_parties_inverts(pairs):
    ours, theirs = zip(*pairs, strict=True)
    found, back = ratio(ours, theirs), ratio(theirs, ours)
    assert found.low <= found.median <= found.high <= found.most
    if len(pairs) % 2:  # the median is one of them
        assert back.median == pytest.approx(1 / found.median)
    assert bool(found.meaningless) >= (len(pairs) < FEWEST)


@given(st.lists(st.tuples(seconds, seconds, seconds), min_size=FEWEST, max_size=20))
def test_a_slow_minute_of_the_machine_changes_nothing(rounds):
    """Both parties of a round are as much slower: each ratio stays."""
    ours, theirs, slower = map(np.array, zip(*rounds, strict=True))
    assert ratio(ours * slower, theirs * slower).median == pytest.approx(
        ratio(ours, theirs).median
    )


@given(st.lists(st.tuples(seconds, near), min_size=FEWEST, max_size=30))
def test_a_little_noise_is_no_reason_to_be_silent(rounds):
    theirs = [base for base, _ in rounds]
    found = ratio([base * noise * 0.7 for base, noise in rounds], theirs)
    assert found.meaningless == ""
    assert found.median == pytest.approx(0.7, rel=0.02)
    assert str(found).startswith(("0.69", "0.70", "0.71"))


@given(
    st.lists(near, min_size=3, max_size=10),
    st.lists(near, min_size=3, max_size=10),
    st.floats(APART * 1.03, 4),
    st.randoms(use_true_random=False),
)
def test_two_speeds_are_told_apart(fast, slow, apart, shuffle):
    """One ratio between them would be nobody's."""
    few = min(len(fast), len(slow)) < (len(fast) + len(slow)) / 5
    assume(not few)
    values = [*fast, *(apart * x for x in slow)]
    shuffle.shuffle(values)
    low, high = groups(values)
    assert (len(low), len(high)) == (len(fast), len(slow))
    said = ratio(values, [1.0] * len(values)).meaningless
    assert said.startswith("two speeds: ")
    assert f"({len(fast)}x) or" in said


def test_one_outlier_is_no_second_speed():
    values = [0.80, 0.81, 0.80, 0.82, 0.79, 0.80, 0.81, 0.80, 3.0]
    assert len(groups(values)) == 1
    assert str(ratio(values, [1.0] * 9)) == "0.80 [0.80-0.81]"


@given(st.floats(SPREAD + 0.01, 1.4))
def test_wide_quartiles_are_said_instead_of_the_median(spread):
    """Spread evenly, so that there are no two groups."""
    values = np.geomspace(1, spread**2, 9)
    said = str(ratio(values, np.ones(9)))
    assert said.startswith("too wide: ")


@pytest.mark.parametrize("rounds", range(1, FEWEST))
def test_few_rounds_are_said(rounds: int):
    assert str(ratio([1.0] * rounds, [2.0] * rounds)) == f"too few rounds: {rounds}"


@given(st.lists(seconds, min_size=1, max_size=30))
def test_quartiles_are_numpys(values):
    np.testing.assert_allclose(quartiles(values), np.percentile(values, [25, 50, 75]))
