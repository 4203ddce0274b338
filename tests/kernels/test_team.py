"""Compiled kernels that threads share without Python's lock."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

from minicvt import threads
from tests.kernels.comparing import compiled_only

pytestmark = pytest.mark.numba

LONG = 1e9  # nanoseconds: worth any number of threads


@pytest.fixture
def team():
    from minicvt.kernels import team

    return team


@pytest.fixture
def shared(team, monkeypatch):
    """`shared`, whose functions are compiled anew."""
    monkeypatch.setattr("minicvt.kernels.cache.folder", lambda: None)
    return team.shared


@pytest.fixture
def board():
    from minicvt.kernels import board

    return board


def counted(seen, first, last):
    """Count how often each place is come to, and note where a range begins."""
    for n in range(first, last):
        seen[0, n] += 1
    seen[1, first] += 1


@pytest.mark.parametrize("width", [1, 2, 3, 7])
@pytest.mark.parametrize("count", [1, 2, 5, 100])
def test_ranges_make_up_the_whole(shared, width, count):
    kernel = shared(counted)
    with threads.limit(width):
        for _ in range(20):
            seen = np.zeros((2, count), int)
            kernel(count, LONG, seen)
            assert (seen[0] == 1).all()
            assert seen[1].sum() == min(width, count)


def test_what_is_not_worth_it_stays_whole(shared, team):
    kernel, seen = shared(counted), np.zeros((2, 100), int)
    with threads.limit(4):
        kernel(100, 1.9 * team.LEAST, seen)
    assert seen[1].sum() == 1


@compiled_only
def test_nobody_is_woken_for_little(shared, team):
    kernel, seen = shared(counted), np.zeros((2, 100), int)
    asleep(team)
    with threads.limit(4):
        kernel(100, team.WAKING - 1, seen)
    assert seen[1].sum() == 1


def asleep(team):
    """Wait until nobody waits for work."""
    for _ in range(5000):
        if not team._team().waiting:
            return
        time.sleep(0.001)
    pytest.fail("helpers keep their cores busy")


@compiled_only
def test_threads_work_side_by_side_and_go_to_sleep(shared, team):
    from minicvt.kernels.atomics import add, get

    def meeting(seen, first, last):
        add(seen, 0, 1)
        for _ in range(10**9):  # until somebody else has come, too
            if get(seen, 0) == 2:
                break

    kernel, seen = shared(meeting), np.zeros(1, int)
    with threads.limit(2):
        kernel(2, LONG, seen)
    assert seen[0] == 2
    asleep(team)


@compiled_only
def test_who_waits_comes_when_called(shared):
    """What is to be done in Python needs the same threads."""
    kernel, meet, met = shared(counted), threading.Barrier(2, timeout=10), []
    with threads.limit(2):
        for _ in range(10):
            kernel(2, LONG, np.zeros((2, 2), int))
            threads.share(lambda *_: met.append(meet.wait()), 2, LONG)
    assert sorted(met) == 10 * [0] + 10 * [1]


@compiled_only
def test_others_do_their_own_work_meanwhile(shared, team):
    """One piece of work is offered at a time; who comes second works alone."""
    kernel, seen = shared(counted), np.zeros((2, 9), int)
    with threads.limit(3), team._team()._busy:
        kernel(9, LONG, seen)
    assert seen[1].sum() == 1
    assert (seen[0] == 1).all()


def test_it_waits_for_a_helper_who_was_interrupted(team, monkeypatch):
    """``compiled`` gives up after a while; until all is done the caller does not."""
    words, asked = np.zeros(team.WORDS, int), []

    def sleep(seconds):
        asked.append(seconds)
        words[team.DONE] += 1

    monkeypatch.setattr(team.time, "sleep", sleep)
    team.finish(lambda *_: False, words, 9, 2, ())
    assert asked == [0, 0]


@compiled_only
@pytest.mark.parametrize("width", [1, 2])
def test_missing_memory_is_said(shared, width):
    def greedy(x, first, last):
        x[first] = np.ones(x[2]).sum()

    kernel = shared(greedy)
    with threads.limit(width):
        for _ in range(2):
            with pytest.raises(MemoryError):
                kernel(2, LONG, np.full(3, 1 << 50))
        x = np.full(3, 5)
        kernel(2, LONG, x)
        assert x[0] == 5


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@compiled_only
def test_a_forked_process_has_a_team_of_its_own():
    program = (
        "import os, warnings, numpy\n"
        "from minicvt import kernels, threads\n"
        "warnings.simplefilter('ignore')\n"
        "x = numpy.ones((4096, 64), 'float32')\n"
        "with threads.limit(2):\n"
        "    kernels.column_sum(x)\n"
        "    child = os.fork()\n"
        "    assert (kernels.column_sum(x) == 4096).all()\n"
        "    if child:\n"
        "        assert os.waitpid(child, 0)[1] == 0\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "MINICVT_KERNELS": "numba"},
        capture_output=True,
        timeout=100,
        check=False,
    )
    assert run.returncode == 0, run.stderr


def in_python(function):
    """Return what was compiled as the Python that it is."""
    return getattr(function, "py_func", function)


@pytest.mark.parametrize("pieces", [1, 2, 5])
def test_the_board_in_python(team, board, monkeypatch, pieces):
    """What compiled code does, step by step in one thread."""
    words, seen = np.zeros(board.WORDS, int), np.zeros((2, 20), int)
    assert team.offering(counted)(words, 20, pieces, seen)
    assert (seen[0] == 1).all()
    assert seen[1].sum() == pieces
    assert not board.help_out(words, False)


def test_a_piece_is_claimed_once(board):
    words = np.zeros(board.WORDS, int)
    board.put(words, board.OFFER, 3 * board.MOST**2 + 2)
    assert not board.swap(words, board.OFFER, 2, 1)
    assert board.swap(words, board.OFFER, 3 * board.MOST**2 + 2, 3 * board.MOST**2 + 1)
    assert board.get(words, board.OFFER) == 3 * board.MOST**2 + 1


def test_a_piece_that_somebody_else_claims_first_is_his(board, monkeypatch):
    words, begun = np.zeros(board.WORDS, int), []
    board.writing(lambda first, last: begun.append(first))(words, ())
    words[board.COUNT] = words[board.PIECES] = 2
    board.put(words, board.OFFER, board.MOST**2 + 2)
    swap, quicker = board.swap, iter([True])

    def too_late(words, at, before, after):
        if next(quicker, False):
            board.put(words, at, before - 1)
        return swap(words, at, before, after)

    monkeypatch.setattr(board, "swap", too_late)
    assert in_python(board.help_out)(words, False)
    assert begun == [0]


def test_an_offer_in_other_hands_is_not_done(board, monkeypatch):
    words = np.zeros(board.WORDS, int)
    monkeypatch.setattr(board, "help_out", lambda words, offering: False)
    monkeypatch.setattr(board, "PATIENCE", 3)
    assert not in_python(board.offer)(words, 7, 2)


def test_waiting_ends_when_nothing_comes_or_somebody_calls(team, board, monkeypatch):
    monkeypatch.setattr(team, "PATIENCE", 3)
    words, nobody = np.zeros(board.WORDS, int), np.zeros(1, int)
    seen = np.zeros((2, 4), int)
    board.writing(counted)(words, (seen,))
    words[board.COUNT], words[board.PIECES] = 4, 2
    board.put(words, board.OFFER, board.MOST**2 + 2)
    in_python(team.wait)(words, nobody)
    assert (seen[0] == 1).all()
    assert words[board.DONE] == 2
    monkeypatch.setattr(team, "PATIENCE", 10**12)
    in_python(team.wait)(words, np.ones(1, int))


@pytest.mark.parametrize(("offering", "order"), [(True, [0, 1, 2]), (False, [2, 1, 0])])
def test_who_offers_begins_in_front_and_who_helps_at_the_end(board, offering, order):
    words, begun = np.zeros(board.WORDS, int), []
    board.writing(lambda first, last: begun.append(first))(words, ())
    words[board.COUNT] = words[board.PIECES] = 3
    board.put(words, board.OFFER, board.MOST**2 + 3)
    assert in_python(board.help_out)(words, offering)
    assert begun == order


@compiled_only
def test_some_processors_have_no_instruction_to_pause(monkeypatch):
    from minicvt.kernels import atomics
    from minicvt.kernels.jit import jit_in_place

    def paused(x):
        atomics.pause()
        return x + 1

    monkeypatch.setattr("minicvt.kernels.cache.folder", lambda: None)
    for names in (atomics.PAUSE, {}):
        monkeypatch.setattr(atomics, "PAUSE", names)
        assert jit_in_place(paused)(1) == 2
