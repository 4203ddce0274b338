"""The interval of a mean over images, some of which show the same thing."""

from __future__ import annotations

import numpy as np
import pytest

from minicvt.train import bootstrap


def test_the_interval_of_independent_values_is_the_normal_one() -> None:
    values = np.random.default_rng(0).normal(3, 2, size=400)
    found = bootstrap(values)
    half = 1.96 * values.std() / 20
    assert found.mean == pytest.approx(values.mean())
    assert found.low == pytest.approx(values.mean() - half, abs=0.02)
    assert found.high == pytest.approx(values.mean() + half, abs=0.02)


def test_copies_add_nothing_when_drawn_together() -> None:
    values = np.random.default_rng(1).normal(size=100)
    once = bootstrap(values)
    copies = bootstrap(np.repeat(values, 9), np.repeat(np.arange(100), 9))
    np.testing.assert_allclose(copies, once, rtol=1e-12)
    apart = bootstrap(np.repeat(values, 9))
    assert apart.high - apart.low < 0.5 * (once.high - once.low)


def test_clusters_of_other_sizes_count_by_their_size() -> None:
    """Whatever is drawn, the mean is one over images, not over clusters."""
    values = np.array([1.0, 1, 1, 0])
    found = bootstrap(values, np.array([7, 7, 7, 2]))
    assert found.mean == 0.75
    assert (found.low, found.high) == (0, 1)


def test_the_same_values_give_the_same_interval() -> None:
    hits = np.random.default_rng(2).random(200) < 0.9
    assert bootstrap(hits) == bootstrap(hits)
    assert str(bootstrap(np.ones(5))) == "1.000 [1.000, 1.000]"


def test_nine_intervals_in_ten_and_more_hold_the_truth() -> None:
    rng = np.random.default_rng(3)
    held = 0
    for _ in range(200):
        scans = rng.integers(60, size=300)
        skill = rng.normal(0, 1, size=60)
        found = bootstrap(skill[scans] + rng.normal(0, 1, size=300), scans)
        held += found.low <= 0 <= found.high
    assert held >= 180
