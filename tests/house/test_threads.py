"""One place for threads: limits hold, are put back, and order is kept."""

from __future__ import annotations

import os
import threading
from contextvars import ContextVar

import pytest

from minicvt import threads
from minicvt.errors import OptionError

setting: ContextVar[str] = ContextVar("setting", default="none")


found_blas = pytest.mark.skipif(
    not threads.blas(),
    reason="threadpoolctl sees no BLAS here (Apple's Accelerate minds its own threads)",
)


def blas_threads() -> set[int]:
    return {library["num_threads"] for library in threads.blas()}


def test_available_is_what_the_affinity_mask_allows():
    assert 1 <= threads.available() <= (os.cpu_count() or 1)


@found_blas
def test_limit_holds_inside_and_is_put_back():
    with threads.limit(2):
        assert blas_threads() == {2}
        with threads.limit(1):
            assert blas_threads() == {1}
        assert blas_threads() == {2}
    assert blas_threads() == {1}  # what conftest has set


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
    with threads.limit(2):
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
