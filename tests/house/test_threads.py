"""One place for threads: limits hold, are put back, and order is kept."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from contextvars import ContextVar
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from threadpoolctl import threadpool_limits

from minicvt import threads
from minicvt.errors import OptionError

setting: ContextVar[str] = ContextVar("setting", default="none")


found_blas = pytest.mark.skipif(
    not threads.blas(),
    reason="threadpoolctl sees no BLAS here (Apple's Accelerate minds its own threads)",
)


def blas_threads() -> set[int]:
    return {library["num_threads"] for library in threads.blas()}


def blas_at(count: int) -> Any:
    return threadpool_limits(count, user_api="blas")


def test_available_is_what_the_affinity_mask_allows():
    assert 1 <= threads.available() <= (os.cpu_count() or 1)


@found_blas
def test_blas_has_one_thread_inside_and_gets_back_what_it_had():
    with blas_at(2):
        with threads.limit(2):
            assert blas_threads() == {1}
            with threads.serial_blas():
                assert blas_threads() == {1}
            assert blas_threads() == {1}
        assert blas_threads() == {2}
    assert blas_threads() == {1}  # what conftest has set


def test_limit_holds_inside_and_is_put_back():
    before = threads.width()
    with threads.limit(3):
        assert threads.width() == 3
        with threads.limit(1):
            assert threads.width() == 1
        assert threads.width() == 3
    assert threads.width() == before


def test_the_variable_says_how_many(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv(threads.VARIABLE, "5")
    assert threads.width() == 5
    with threads.limit(2):
        assert threads.width() == 2
    monkeypatch.setenv(threads.VARIABLE, "")
    assert threads.width() == threads.available()


@pytest.mark.parametrize(
    ("text", "says"), [("two", "a number, got 'two'"), ("0", "at least 1, got 0")]
)
def test_a_variable_that_is_no_count_is_refused(
    text: str, says: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv(threads.VARIABLE, text)
    with pytest.raises(OptionError, match=f"{threads.VARIABLE}: expected {says}"):
        threads.width()


@pytest.mark.parametrize("count", [0, -1])
def test_limit_refuses_less_than_one_thread(count: int):
    with pytest.raises(OptionError, match=f"at least 1, got {count}"):
        threads.limit(count).__enter__()


def test_each_keeps_the_order_and_runs_side_by_side():
    meet = threading.Barrier(2, timeout=10)  # passes only if two arrive together

    def work(item: int) -> int:
        meet.wait()
        return item * item

    assert threads.each(work, range(4), workers=2) == [0, 1, 4, 9]


@found_blas
def test_each_gives_blas_one_thread():
    with blas_at(2):
        seen = threads.each(lambda _: blas_threads(), range(2), workers=2)
        assert seen == [{1}, {1}]
        assert blas_threads() == {2}


def test_each_runs_one_item_in_the_calling_thread():
    assert threads.each(lambda _: threading.get_ident(), [0], workers=8) == [
        threading.get_ident()
    ]


def test_each_of_nothing_is_nothing():
    assert threads.each(str, []) == []


def test_each_carries_the_callers_context_to_its_threads():
    token = setting.set("chosen")
    try:
        assert threads.each(lambda _: setting.get(), range(3), workers=2) == (
            ["chosen"] * 3
        )
    finally:
        setting.reset(token)


def test_each_raises_the_first_error():
    def fail(item: int) -> None:
        raise ValueError(f"item {item}")

    with pytest.raises(ValueError, match="item 0"):
        threads.each(fail, range(3), workers=2)


def test_nothing_inside_each_is_split_again():
    with threads.limit(4):
        assert threads.each(lambda _: threads.width(), range(3)) == [1, 1, 1]
        assert threads.each(lambda _: threads.width(), range(1)) == [4]


LONG = 1e9  # nanoseconds: worth any number of threads


def shared(count: int, width: int, nanoseconds: float = LONG) -> list[tuple[int, int]]:
    """The ranges that `share` makes."""
    seen: list[tuple[int, int]] = []
    with threads.limit(width):
        threads.share(lambda *part: seen.append(part), count, nanoseconds)
    return sorted(seen)


@given(st.integers(1, 50), st.integers(1, 6))
def test_shares_make_up_the_whole(count: int, width: int):
    parts = shared(count, width)
    assert (parts[0][0], parts[-1][1]) == (0, count)
    assert all(end == start for (_, end), (start, _) in pairwise(parts))
    lengths = {last - first for first, last in parts}
    assert len(parts) == min(count, width)
    assert max(lengths) - min(lengths) <= 1


def test_what_is_not_worth_it_stays_whole():
    assert shared(100, 4, 1.9 * threads.LEAST) == [(0, 100)]
    assert len(shared(100, 4, 2 * threads.LEAST)) == 2
    assert shared(0, 4) == [(0, 0)]


def test_shares_run_side_by_side_and_are_not_split_again():
    meet = threading.Barrier(2, timeout=10)  # passes only if two arrive together
    widths = []

    def work(first: int, last: int) -> None:
        meet.wait()
        if first:
            widths.append(threads.width())

    with threads.limit(2):
        threads.share(work, 2, LONG)
    assert widths == [1]


@pytest.mark.parametrize("bad", [0, 2])
def test_share_raises_when_all_have_ended(bad: int):
    ended = []

    def work(first: int, last: int) -> None:
        if first == bad:
            raise ValueError(f"part {first}")
        ended.append(first)

    with threads.limit(3), pytest.raises(ValueError, match=f"part {bad}"):
        threads.share(work, 3, LONG)
    assert sorted([*ended, bad]) == [0, 1, 2]


@found_blas
def test_share_gives_blas_one_thread():
    seen = []
    with blas_at(2):
        threads.share(lambda *_: seen.append(blas_threads()), 2, 0)
        assert blas_threads() == {2}
    assert seen == [{1}]


@found_blas
def test_share_leaves_blas_alone_where_it_is_not_called():
    seen = []
    with blas_at(2):
        threads.share(lambda *_: seen.append(blas_threads()), 2, 0, blas=False)
    assert seen == [{2}]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_forked_process_has_threads_of_its_own():
    """A fork takes no threads along: shares sent to the old ones would never end."""
    program = (
        "import os, warnings\n"
        "from minicvt import threads\n"
        "warnings.simplefilter('ignore')\n"
        "with threads.limit(2):\n"
        "    threads.share(print, 2, 1e9)\n"
        "    child = os.fork()\n"
        "    threads.share(print, 2, 1e9)\n"
        "    if child:\n"
        "        assert os.waitpid(child, 0)[1] == 0\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, timeout=60, check=False
    )
    assert run.returncode == 0, run.stderr
    assert len(run.stdout.split()) >= 8
