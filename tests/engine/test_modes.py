"""no_grad and detach; and that threads do not see each other's modes."""

from __future__ import annotations

from collections.abc import Callable
from threading import Thread
from typing import Any

import numpy as np
import pytest

from minicvt import Tensor, no_grad, observe, ops, shapes_only
from minicvt.blank import is_shapes_only
from minicvt.errors import GraphError
from minicvt.observe import current_path, entered, observed
from minicvt.tensor import is_recording


def leaf() -> Tensor:
    return Tensor(np.array([1.0, 2.0]), requires_grad=True)


def in_a_thread(function: Callable[[], Any]) -> Any:
    """Run ``function`` in a thread of its own and return what it returned."""
    answers: list[Any] = []
    thread = Thread(target=lambda: answers.append(function()))
    thread.start()
    thread.join()
    return answers[0]


def test_no_grad_records_nothing() -> None:
    with no_grad():
        y = ops.exp(leaf())
        assert not is_recording()
    assert is_recording()
    assert y.node is None
    with pytest.raises(GraphError, match="nothing was recorded"):
        y.sum().backward()


def test_no_grad_nests_and_ends_after_an_error() -> None:
    with no_grad():
        with pytest.raises(KeyError), no_grad():
            raise KeyError
        assert not is_recording()
    assert is_recording()


def test_a_constant_records_nothing() -> None:
    assert ops.exp(Tensor(np.ones(2))).node is None


def test_detach_cuts_the_tape_and_shares_the_values() -> None:
    x = leaf()
    y = ops.exp(x)
    cut = y.detach()
    assert cut.data is y.data
    assert not cut.requires_grad
    (y * cut).backward(np.array([1.0, 10.0]))
    np.testing.assert_allclose(x.grad, np.exp([2.0, 4.0]) * [1, 10])


def test_threads_do_not_see_each_others_modes() -> None:
    def modes() -> tuple[bool, bool, bool, str]:
        return is_recording(), observed(), is_shapes_only(), current_path()

    with no_grad(), observe() as events, shapes_only(), entered("stage0"):
        assert modes() == (False, True, True, "stage0")
        assert in_a_thread(modes) == (True, False, False, "")
        in_a_thread(lambda: ops.exp(leaf()))
    assert events == []


def test_a_thread_in_no_grad_does_not_stop_the_others() -> None:
    def run() -> bool:
        with no_grad():
            return in_a_thread(lambda: ops.exp(leaf()).requires_grad)

    assert in_a_thread(run)
    assert is_recording()
