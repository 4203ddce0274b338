"""Bugs that are in no list get no name: the answer is "unknown"."""

from __future__ import annotations

import pytest

from minicvt.verify import compare
from minicvt.verify.microscope.difference import UNKNOWN
from minicvt.verify.microscope.hypotheses import HYPOTHESES
from tests.models.fixtures import fixture
from tests.verify.planting import weighed
from tests.verify.unlisted import BUGS


def test_there_are_enough_and_none_is_listed():
    assert len(BUGS) >= 20
    assert not BUGS.keys() & {hypothesis.says for hypothesis in HYPOTHESES}


def on_one_seed_or_all():
    """Each bug on one of three seeds; on the others too in make check-slow."""
    for bug in BUGS:
        for seed in range(3):
            marks = () if seed == len(bug) % 3 else pytest.mark.slow
            yield pytest.param(bug, seed, marks=marks)


@pytest.mark.parametrize(("bug", "seed"), list(on_one_seed_or_all()))
def test_what_is_not_listed_is_unknown(bug, seed):
    official = fixture("a1_dwbn")
    right, other = (weighed(official.model().eval(), seed) for _ in range(2))
    made = compare(right, BUGS[bug](other), official.images())
    assert made.causes == [UNKNOWN]
    assert not made.explained
    assert "cause: unknown" in str(made)
