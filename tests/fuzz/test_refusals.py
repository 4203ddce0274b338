"""A sample of calls with a mistake in them, and what is done about a wrong answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from minicvt import ops
from minicvt.errors import ShapeError
from tests.fuzz.command import main, tried
from tests.fuzz.mistakes import MISTAKES
from tests.fuzz.refusals import STRICTER, Attempt, every_attempt, read, refused

SEED = 2


def test_a_sample_of_mistakes() -> None:
    refusals = tried(every_attempt(4), SEED)
    assert refusals.wrong == []
    assert set(refusals.by) == set(ops.OPERATIONS)
    for name, counts in refusals.by.items():
        assert counts["both"] > 0, name


@pytest.mark.parametrize("mistake", MISTAKES)
def test_every_mistake_is_made_and_refused(mistake: str) -> None:
    attempts = [a for a in every_attempt(3) if a.mistake == mistake]
    assert sum(counts["both"] for counts in tried(attempts, SEED).by.values()) > 0


def raising(error: Exception) -> Callable[..., Any]:
    def run(*_: Any, **__: Any) -> Any:
        raise error

    return run


@pytest.mark.parametrize(
    ("run", "says"),
    [
        (lambda x, *_: 2 * x, "we let pass"),
        (raising(KeyError("x")), "we raise KeyError"),
        (raising(ShapeError("two\nlines")), "several lines"),
    ],
)
def test_what_we_do_wrong_is_said(monkeypatch: Any, run: Any, says: str) -> None:
    attempt = first_refused_by_both("linear", "shorter")
    monkeypatch.setitem(ops.OPERATIONS, "linear", run)
    (found,) = tried([attempt], SEED).wrong
    assert says in found.what
    assert found.case == str(attempt)


def first_refused_by_both(name: str, mistake: str) -> Attempt:
    attempts = (Attempt(name, mistake, number) for number in range(50))
    return next(a for a in attempts if (refused(a, SEED) or a).by == "both")


def test_what_we_alone_refuse_is_listed(monkeypatch: Any) -> None:
    monkeypatch.setitem(ops.OPERATIONS, "exp", raising(ShapeError("exp: not today")))
    found = tried([Attempt("exp", "longer", n) for n in range(9)], SEED).wrong
    assert found
    assert all(what.endswith("exp: not today") for what, _ in found)


def test_a_row_that_nothing_needs_is_seen() -> None:
    assert len(tried([], SEED).unmet()) == len(STRICTER)


def test_an_attempt_is_made_again_from_what_is_printed(capsys: Any) -> None:
    attempt = first_refused_by_both("linear", "an axis less")
    assert read(str(attempt)) == attempt
    assert main(["--seed", str(SEED), "--case", str(attempt)]) == 0
    assert "by='both'" in capsys.readouterr().out
