"""Intervals and tests against SciPy's, and against what they promise."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from minicvt.inference.scores import paired, wilson


@given(total=st.integers(1, 60_000), share=st.floats(0, 1))
def test_wilson_against_scipy(total: int, share: float):
    hits = round(share * total)
    ours = wilson(hits, total)
    theirs = binomtest(hits, total).proportion_ci(0.95, method="wilson")
    np.testing.assert_allclose((ours.low, ours.high), theirs, atol=1e-12)
    assert 0 <= ours.low <= ours.value <= ours.high <= 1


def test_imagenet_says_a_third_of_a_point():
    share = wilson(40_800, 50_000)
    assert share.value == pytest.approx(0.816)
    assert (share.high - share.low) / 2 == pytest.approx(0.0034, abs=5e-5)


@given(b=st.integers(0, 500), c=st.integers(0, 500), same=st.integers(1, 5000))
def test_mcnemar_against_the_binomial_test(b: int, c: int, same: int):
    found = paired(b, c, b + c + same)
    expected = binomtest(b, b + c).pvalue if b + c else 1.0
    assert found.p == pytest.approx(expected, rel=1e-9)
    assert found.value == pytest.approx((b - c) / (b + c + same))
    assert -1 <= found.low < found.high <= 1
    mirrored = paired(c, b, b + c + same)
    assert (mirrored.low, mirrored.high) == pytest.approx((-found.high, -found.low))


@pytest.mark.parametrize(("only_first", "only_second"), [(0.02, 0.01), (0.1, 0.1)])
def test_the_paired_interval_keeps_its_promise(only_first: float, only_second: float):
    n, trials = 300, 2000
    both_same = 1 - only_first - only_second
    counts = np.random.default_rng(0).multinomial(
        n, (only_first, only_second, both_same), size=trials
    )
    intervals = [paired(int(b), int(c), n) for b, c, _ in counts]
    truth = only_first - only_second
    covered = np.mean([i.low <= truth <= i.high for i in intervals])
    assert covered == pytest.approx(0.95, abs=4 * math.sqrt(0.05 * 0.95 / trials))
