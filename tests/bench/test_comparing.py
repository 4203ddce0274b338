"""Answers are compared before times; who is not there is said; bars."""

from __future__ import annotations

import json

import pytest

from minicvt.bench import comparing, writing
from minicvt.bench.cases import EAGER, NUMPY, ONNX, Asked, Bar, Case
from minicvt.bench.chapters import BYTES, CHAPTERS, SECONDS, Chapter
from minicvt.bench.comparing import INSTALL, Outcome, compared
from minicvt.bench.known import PEERS, missing
from minicvt.bench.pairs import Pair
from minicvt.bench.party import Peer
from tests.bench.standing import OTHER, PEER, setting

EASY = Case("a case", "easy")
CHAPTER = Chapter("", lambda asked: [EASY], prepare=lambda folder, options: None)


@pytest.fixture
def stand_ins(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(comparing, "OURS", PEER)
    monkeypatch.setitem(PEERS, EAGER, PEER)
    monkeypatch.setitem(PEERS, NUMPY, OTHER)


def outcome(ours, theirs, bar=None, quantity=SECONDS, threads=2) -> Outcome:
    case = Case("a case", "easy", bars={EAGER: bar} if bar else {})
    turns = [tuple({quantity: x} for x in side) for side in (ours, theirs)]
    told = {"versions": {"torch": "2"}}
    pair = Pair(*turns, (told, told))
    return Outcome(case, EAGER, threads, pair, "", quantity)


def test_the_same_answers_are_compared(stand_ins):
    (found,) = compared(CHAPTER, [EASY], EAGER, setting())
    assert found.failed == ""
    assert found.ratio.rounds == 2
    assert writing.plain(found)["ratio"]["meaningless"] == "too few rounds: 2"
    assert json.dumps(writing.plain(found))


def test_other_answers_are_a_failure_not_a_ratio(stand_ins):
    (found,) = compared(CHAPTER, [EASY], NUMPY, setting())
    assert found.pair is None
    assert found.failed == "the answers are not ours: 2.0e-01 apart"
    assert writing.rows([found])[0][:3] == ("a case", "another", "none")
    assert writing.notes([found]) == [
        "a case: the answers are not ours: 2.0e-01 apart."
    ]


def test_one_case_that_fails_leaves_the_others(stand_ins):
    cases = [Case("none", "impossible"), EASY]
    first, second = compared(CHAPTER, cases, EAGER, setting())
    assert first.failed == "a stand-in: ValueError: cannot be built"
    assert second.failed == ""


def test_cases_that_fail_alike_are_named_together():
    a, b = (Outcome(Case(name, "easy"), EAGER, 2, failed="no") for name in "ab")
    assert writing.notes([a, b]) == ["a; b: no."]


def test_a_peer_that_is_not_installed_is_said(monkeypatch: pytest.MonkeyPatch):
    absent = Peer("a stand-in", PEER.files, ("no-such-package", "numpy"))
    monkeypatch.setitem(PEERS, EAGER, absent)
    assert missing(absent) == ["no-such-package"]
    (found,) = compared(CHAPTER, [EASY], EAGER, setting())
    assert found.absent == f"no-such-package not installed{INSTALL}"
    assert writing.rows([found] * 2) == []
    assert writing.notes([found] * 2) == [f"Not beside a stand-in: {found.absent}."]
    assert writing.plain(found)["failed"] == found.absent


def test_a_peer_without_this_kind_of_work_is_said():
    chapter = CHAPTERS["kernels"]
    (found,) = compared(chapter, [EASY], ONNX, setting())
    assert writing.notes([found]) == [
        "Not beside onnxruntime: it has nothing of the kind."
    ]


@pytest.mark.parametrize(
    ("ours", "threads", "met"),
    [
        ([0.4] * 9, 2, "aim"),
        ([0.6] * 9, 2, "must"),
        ([0.9] * 9, 2, "no"),
        ([0.4] * 9, 1, ""),  # bars are about two threads
        ([0.4] * 4, 2, "cannot be said"),
        ([0.1] * 4 + [0.4] * 5, 2, "aim"),  # two speeds, both of them under the bar
        ([0.1] * 4 + [0.6] * 5, 2, "must"),
        ([0.1] * 4 + [0.9] * 5, 2, "cannot be said"),
    ],
)
def test_bars(ours: list[float], threads: int, met: str):
    found = outcome(ours, [1.0] * len(ours), Bar(0.8, 0.5), threads=threads)
    assert writing.met(found) == met


def test_a_bar_that_is_only_an_aim_is_met_or_not():
    bar = Bar(None, 0.8)
    assert writing.met(outcome([0.7] * 9, [1.0] * 9, bar)) == "aim"
    assert writing.met(outcome([0.9] * 9, [1.0] * 9, bar)) == "no"
    (row,) = writing.rows([outcome([0.9] * 9, [1.0] * 9, bar)])
    assert row[-3:] == ("", "0.80", "no")


def test_units():
    assert writing.said(0.0123, SECONDS) == "12.3 ms"
    assert writing.said(12.3, SECONDS) == "12.30 s"
    assert writing.said(1024 * 2**20, BYTES) == "1,024 MiB"
    row = writing.rows([outcome([2**20] * 9, [2**21] * 9, quantity=BYTES)])[0]
    assert row[2:5] == ("0.50 [0.50-0.50]", "1 MiB", "2 MiB")


def test_versions_are_said_once():
    found = outcome([1.0] * 5, [1.0] * 5)
    assert writing.versions([found, found]) == "torch 2"


def test_every_bar_can_be_met():
    for chapter in CHAPTERS.values():
        bars = [bar for c in chapter.cases(Asked()) for bar in c.bars.values()]
        for bar in bars:
            assert 0 < bar.aim <= (bar.must or bar.aim)
