"""Processes that take turns, and what they tell of failures."""

from __future__ import annotations

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minicvt.bench import pairs
from minicvt.bench.couples import Couples, Setting
from minicvt.bench.known import MODELS
from minicvt.bench.pairs import fresh, warm
from minicvt.bench.party import COUNTS, Party, surroundings
from minicvt.errors import MinicvtError
from tests.bench.standing import PEER, setting

CASE = {"name": "a case", "work": "easy"}


@given(st.integers(1, 40), st.integers(1, 9))
def test_processes_share_the_rounds(rounds: int, processes: int):
    shares = Setting(rounds, processes, 1).shares()
    assert sum(shares) == rounds
    assert len(shares) == min(rounds, processes)
    assert max(shares) - min(shares) <= 1


def test_a_party_builds_runs_and_counts():
    with Party(PEER, MODELS, 1) as party:
        told = party.build(CASE)
        ran = party.time(3)
        again = party.time(1, afresh=True)
    assert told["asked"] == CASE | {"threads": 1}
    assert 0 <= ran["cpu"] < 10
    assert ran["wall"] > 0
    assert again["before"] <= again["peak"] <= max(ran["peak"], again["peak"])


def test_a_case_that_cannot_be_built_is_one_line_and_the_next_one_can():
    with Party(PEER, MODELS, 1) as party:
        with pytest.raises(
            MinicvtError, match=r"^a stand-in: ValueError: cannot be bu"
        ):
            party.build(CASE | {"work": "impossible"})
        assert party.build(CASE)["answers"] == [1.0, 2.0]


def test_a_process_that_ends_says_its_last_line():
    with (
        pytest.raises(MinicvtError, match="a stand-in: gone"),
        Party(PEER, MODELS, 1) as party,
    ):
        party.build(CASE | {"work": "fatal"})


def test_everybody_gets_the_same_threads_and_openmp_its_own_ways():
    found = surroundings(3)
    assert {found[name] for name in COUNTS} == {"3"}
    assert found.get("OMP_WAIT_POLICY") == os.environ.get("OMP_WAIT_POLICY")


def test_who_goes_first_alternates(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(pairs, "PAUSE", 0)
    order: list[int] = []
    for number in range(4):
        ours, theirs = pairs._turns(number, lambda who: order.append(who) or {"w": who})
        assert (ours, theirs) == ({"w": 0}, {"w": 1})
    assert order == [0, 1, 1, 0, 0, 1, 1, 0]


@pytest.mark.parametrize("keep", [True, False])
def test_warm_rounds(keep: bool):
    with Couples(PEER, PEER, MODELS, setting(3, 2), keep) as couples:
        found = warm(CASE, couples)
    assert len(found.ours) == len(found.theirs) == 3
    assert found.ratio("wall").rounds == 3
    assert all(turn["wall"] > 0 for turn in found.ours + found.theirs)


def test_fresh_rounds_count_from_the_start_of_a_process():
    with Couples(PEER, PEER, MODELS, setting(2), False) as couples:
        found = fresh(CASE, couples)
    assert [set(turn) for turn in found.ours] == [{"wall", "peak"}] * 2
    assert min(turn["wall"] for turn in found.theirs) > 1e-3  # Python has to start


def test_how_far_it_is_is_noted():
    notes: list[str] = []
    noted = Setting(2, 1, 1, turn=1e-9, note=notes.append)
    with Couples(PEER, PEER, MODELS, noted, False) as couples:
        warm(CASE, couples)
    assert notes == ["a case: round 1 of 2", "a case: round 2 of 2"]
