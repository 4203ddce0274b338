"""Pullbacks that add what has arrived themselves, and answers that are there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from minicvt import Tensor, no_grad, node, ops
from minicvt.accounting import count
from minicvt.graph import tape
from minicvt.observe import BackwardEvent, observe
from minicvt.ops import OPERATIONS, Spec, operation
from minicvt.ops.known import Known, known

Calls = list[tuple[Any, ...]]


def leaf(*shape: int, seed: int = 0) -> Tensor:
    return Tensor(np.random.default_rng(seed).normal(size=shape), requires_grad=True)


def random(*shape: int) -> Any:
    return np.random.default_rng(99).normal(size=shape)


@pytest.fixture
def joining() -> Iterator[tuple[Any, Calls]]:
    """Return x * y whose pullback joins, and what that is called with."""
    calls: Calls = []

    @operation(lambda x, y: Spec(x, {"multiplications": 12}, (0, 1), joins=True))
    def joining_product(x, y):
        def pullback(d, arrived=0):
            calls.append((d, arrived))
            return arrived + d * y, lambda: d * x

        return x * y, pullback

    yield joining_product, calls
    del OPERATIONS["joining_product"]


def residual(product: Any, x: Tensor, y: Tensor) -> Tensor:
    middle = ops.exp(x)
    return middle + ops.tanh(product(middle, y))


@pytest.mark.parametrize("retain_graph", [False, True])
def test_a_shortcut_is_added_by_the_pullback_of_its_branch(
    joining: tuple[Any, Calls], retain_graph: bool
) -> None:
    product, calls = joining
    x, y, d = leaf(4, 3), leaf(4, 3, seed=1), random(4, 3)
    residual(ops.multiply, x, y).backward(d)
    expected = x.grad, y.grad
    x.grad = y.grad = None
    out = residual(product, x, y)
    out.backward(d, retain_graph=retain_graph)
    np.testing.assert_allclose(x.grad, expected[0], rtol=1e-14)
    np.testing.assert_allclose(y.grad, expected[1], rtol=1e-14)
    ((_, arrived),) = calls
    np.testing.assert_array_equal(arrived, d)
    if retain_graph:
        out.backward(d)
        np.testing.assert_allclose(x.grad, 2 * expected[0], rtol=1e-14)


def test_where_nothing_has_arrived_the_pullback_is_asked_for_its_own(
    joining: tuple[Any, Calls],
) -> None:
    product, calls = joining
    x, y, d = leaf(3), leaf(3, seed=1), random(3)
    product(ops.exp(x), y).backward(d)
    assert [arrived for _, arrived in calls] == [0]
    np.testing.assert_allclose(x.grad, d * y.numpy() * np.exp(x.numpy()))


def test_what_needs_no_gradient_has_nothing_to_join(joining: tuple[Any, Calls]) -> None:
    product, calls = joining
    x, y, d = Tensor(random(3)), leaf(3), random(3)
    (x + product(x, y)).backward(d)
    assert [arrived for _, arrived in calls] == [0]
    np.testing.assert_array_equal(y.grad, d * x.numpy())


def test_both_inputs_may_be_one(joining: tuple[Any, Calls]) -> None:
    product, _ = joining
    x, d = leaf(3), random(3)
    middle = x * 1.0
    (middle + product(middle, middle)).backward(d)
    np.testing.assert_allclose(x.grad, d + 2 * d * x.numpy())


def test_a_piece_that_arrived_is_joined_too(joining: tuple[Any, Calls]) -> None:
    product, _ = joining
    x, y, d = leaf(4, 3), leaf(4, 3, seed=1), random(2, 3)
    middle = x * 1.0
    branch = product(middle, y)
    (middle[1:3] + branch[:2]).backward(d)
    expected = np.zeros((4, 3))
    expected[1:3] += d
    expected[:2] += d * y.numpy()[:2]
    np.testing.assert_allclose(x.grad, expected)


def test_what_joins_is_counted_as_elsewhere_and_moved_once(
    joining: tuple[Any, Calls],
) -> None:
    moved = {}
    for product in (ops.multiply, joining[0]):
        x, y = leaf(4, 3), leaf(4, 3, seed=1)
        with observe() as events, count() as ledger:
            residual(product, x, y).backward(random(4, 3))
        back = [e for e in events if isinstance(e, BackwardEvent)]
        assert [e.joined for e in back] == [0, 0, 12, 0]
        entry = ledger.entries[-2]
        assert entry.work["additions"] == 12
        moved[entry.operation] = entry.read, entry.written
    size = x.data.nbytes
    assert moved["multiply"] == (5 * size, 3 * size)
    assert moved["joining_product"] == (4 * size, 2 * size)


def test_pull_asks_for_shares_alone(joining: tuple[Any, Calls]) -> None:
    x, y, d = leaf(3), leaf(3, seed=1), random(3)
    made: Any = joining[0](x, y).node
    (_, dx), (_, dy) = node.pull(made, d)
    np.testing.assert_array_equal(dx, d * y.numpy())
    np.testing.assert_array_equal(dy, d * x.numpy())


def laid_out(x: Tensor, answer: Any) -> Known:
    return Known("sum", (x.data,), {"axis": None, "keepdims": False}, answer)


def test_an_answer_that_is_known_is_taken() -> None:
    x = leaf(2, 3)
    answer = np.array(7.0), lambda d: (d * np.full((2, 3), 5.0),)
    with known(laid_out(x, answer)), observe() as events:
        total = ops.sum(x)
    assert total.item() == 7
    total.backward()
    np.testing.assert_array_equal(x.grad, np.full((2, 3), 5.0))
    assert [(e.name, e.output) for e in events] == [("sum", total)]
    assert [row.operation for row in tape(total)] == ["sum"]
    assert ops.sum(x).item() == x.numpy().sum()


def test_nobody_else_gets_it() -> None:
    x, same = leaf(2, 3), leaf(2, 3)
    with no_grad(), known(laid_out(x, (np.array(7.0), None))):
        assert ops.sum(same).item() == same.numpy().sum()
        assert ops.sum(x, axis=0).shape == (3,)
        assert ops.mean(x).item() == x.numpy().mean()
        assert ops.sum(x).item() == 7
