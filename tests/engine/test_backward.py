"""What backward promises: sums over calls, deep graphs, and honest refusals."""

from __future__ import annotations

import gc
import weakref

import numpy as np
import pytest

from minicvt import Tensor, no_grad, node, ops
from minicvt.errors import DtypeError, GraphError, ShapeError
from minicvt.graph import tape
from minicvt.nn import Init, Linear, Module, Parameter
from minicvt.ops import OPERATIONS, Spec, operation


def leaf(*shape: int, seed: int = 0) -> Tensor:
    return Tensor(np.random.default_rng(seed).normal(size=shape), requires_grad=True)


def test_gradients_of_two_calls_add_up() -> None:
    x, d, e = leaf(3), np.array([1.0, 2, 3]), np.array([4.0, 5, 7])
    (x * x).backward(d)
    np.testing.assert_array_equal(x.grad, 2 * x.numpy() * d)
    ops.exp(x).backward(e)
    np.testing.assert_allclose(x.grad, 2 * x.numpy() * d + np.exp(x.numpy()) * e)


def test_retain_graph_allows_a_second_backward() -> None:
    x = leaf(3)
    y = (ops.tanh(x) * x).sum()
    y.backward(retain_graph=True)
    once = x.grad
    y.backward()
    np.testing.assert_allclose(x.grad, 2 * once)


def test_a_freed_graph_says_so_and_changes_nothing() -> None:
    x = leaf(3)
    y = (x * x).sum()
    y.backward()
    before = x.grad
    with pytest.raises(GraphError, match=r"sum was freed .* retain_graph=True"):
        y.backward()
    assert x.grad is before


def test_a_graph_freed_in_part_changes_nothing_either() -> None:
    x, late = leaf(3), leaf(3)
    shared = ops.exp(x)
    shared.sum().backward()
    before = x.grad
    with pytest.raises(GraphError, match="exp was freed"):
        (shared * late).sum().backward()
    assert late.grad is None
    assert x.grad is before


def test_ten_thousand_operations_in_a_chain() -> None:
    x = leaf(2)
    y = x
    for _ in range(10_000):
        y = y * 1.0001
    y.backward(np.array([1.0, 3.0]))
    np.testing.assert_allclose(x.grad, 1.0001**10_000 * np.array([1.0, 3.0]))


def test_a_deep_graph_is_freed_without_the_garbage_collector() -> None:
    x = leaf(2)
    middle = y = x * 2.0
    for _ in range(10_000):
        y = y + x
    gone = weakref.ref(middle)
    gc.disable()
    try:
        del y, middle
        assert gone() is None
    finally:
        gc.enable()


class Net(Module):
    """One named layer."""

    def __init__(self) -> None:
        self.head = Linear(3, 2, init=Init("float64"))

    def forward(self, x: Tensor) -> Tensor:
        return self.head(x)


def test_a_write_between_forward_and_backward_is_named() -> None:
    net, x = Net(), leaf(4, 3)
    y = net(x).sum()
    net.head.weight.assign(np.ones((2, 3)))
    with pytest.raises(
        GraphError,
        match=r"input 1 of linear in head, shape \(2, 3\), was written .* 0 .* 1 now",
    ):
        y.backward()
    assert x.grad is None
    net(x).sum().backward()
    np.testing.assert_array_equal(x.grad, np.full((4, 3), 2.0))


def test_views_and_copies_of_a_parameter_outlive_a_write() -> None:
    """What was detached or reshaped keeps the values the forward pass used."""
    p, x = Parameter(np.array([2.0, 3.0])), leaf(2)
    with no_grad():
        reshaped = p.reshape(2)
    y = (x * p.detach() * reshaped).sum()
    p.assign(np.zeros(2))
    y.backward()
    np.testing.assert_array_equal(x.grad, [4, 9])


def test_assign_takes_the_same_shape_and_dtype_only() -> None:
    p = Parameter(np.zeros((2, 3)))
    with pytest.raises(ShapeError, match=r"expected \(2, 3\), got \(3, 2\)"):
        p.assign(np.ones((3, 2)))
    with pytest.raises(DtypeError, match="expected float64, got float32"):
        p.assign(np.ones((2, 3), "float32"))
    assert p.version == 0
    values = np.ones((2, 3))
    p.assign(values)
    values[...] = 7
    np.testing.assert_array_equal(p.numpy(), np.ones((2, 3)))
    assert p.version == 1


def test_what_the_caller_does_to_arrays_later_changes_nothing() -> None:
    x = leaf(3)
    values, index, condition = np.ones(3), np.array([0, 0, 2]), np.array([True] * 3)
    y = ops.where((x * values)[index], x, condition=condition)
    values[:], index[:], condition[:] = 5, 1, False
    y.backward(np.array([1.0, 2, 3]))
    np.testing.assert_array_equal(x.grad, [3, 0, 3])


def test_outputs_and_gradients_are_read_only() -> None:
    x = leaf(3, 2)
    for y in (x * 2.0, x.reshape(6), x[0], ops.matmul(x, x.transpose()), x.sum()):
        with pytest.raises(ValueError, match="read-only"):
            y.data[...] = 0
    (x * x).sum().backward()
    with pytest.raises(ValueError, match="read-only"):
        x.grad[0] = 1


def test_backward_without_a_recorded_graph() -> None:
    for y in (Tensor(np.ones(3)), Tensor(np.ones(3)) * 2.0):
        with pytest.raises(GraphError, match="nothing was recorded"):
            y.backward(np.ones(3))


def test_a_cotangent_must_fit() -> None:
    y = leaf(2, 3) * 2.0
    with pytest.raises(ShapeError, match=r"\(2, 3\) needs a cotangent"):
        y.backward()
    with pytest.raises(ShapeError, match=r"has shape \(3,\), tensor has \(2, 3\)"):
        y.backward(np.ones(3))


def test_the_cotangent_is_copied_and_may_be_a_tensor() -> None:
    x, d = leaf(3), np.ones(3)
    (x * 1.0).backward(Tensor(d))
    (x + 0.0).backward(d)
    d[:] = 7
    np.testing.assert_array_equal(x.grad, [2, 2, 2])


def test_only_what_needs_a_gradient_is_computed() -> None:
    asked = []

    @operation(lambda x, y: Spec(x, {}))
    def both(x, y):
        def pullback(d):
            return lambda: asked.append("x"), lambda: asked.append("y") or d

        return x + y, pullback

    del OPERATIONS["both"]
    x, y = Tensor(np.ones(2)), leaf(2)
    both(x, y).backward(np.ones(2))
    assert asked == ["y"]
    assert x.grad is None


@pytest.mark.parametrize("retain_graph", [False, True])
def test_results_in_between_live_until_backward(retain_graph: bool) -> None:
    x = Tensor(np.arange(6.0).reshape(2, 3), requires_grad=True)
    between = ops.exp(x)
    values = weakref.ref(between.data)
    loss = ops.sum(between * between)
    del between
    assert values() is not None
    loss.backward(retain_graph=retain_graph)
    assert (values() is not None) is retain_graph
    assert [row.operation for row in tape(loss)] == ["exp", "multiply", "sum"]
    assert [source.row for source in tape(loss)[1].sources] == [0, 0]


def test_results_that_no_pullback_needs_are_not_held() -> None:
    x = leaf(4, 3)
    moved = x * 2.0
    values = weakref.ref(moved.data)
    total = (moved + 1.0).sum()
    del moved
    assert values() is None
    total.backward()
    np.testing.assert_array_equal(x.grad, np.full((4, 3), 2.0))


def test_values_that_somebody_holds_stay() -> None:
    x = leaf(3)
    y = ops.exp(x)
    loss = (y * y).sum()
    loss.backward()
    np.testing.assert_array_equal(y.numpy(), np.exp(x.numpy()))
    with pytest.raises(GraphError, match="freed"):
        y.backward(np.ones(3))


@pytest.mark.parametrize("many", [1, 2, 3, 5])
@pytest.mark.parametrize("large", [False, True])
def test_shares_add_up_and_nothing_shared_is_written_to(
    many: int, large: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An addition hands one cotangent to both: adding to it would change the other."""
    monkeypatch.setattr(node, "LARGE", 4 if large else 1 << 18)
    x, others = leaf(4, 3), [leaf(4, 3, seed=i) for i in range(1, many + 1)]
    middle = x * 1.0
    total = others[0] + 0.0
    for other in others:
        total = total + (middle + other)
    d = np.random.default_rng(9).normal(size=(4, 3))
    total.backward(d)
    np.testing.assert_allclose(x.grad, many * d)
    for i, other in enumerate(others):
        np.testing.assert_array_equal(other.grad, d * (2 if i == 0 else 1))


@pytest.mark.parametrize("order", [(0, 1, 2), (1, 2, 0), (2, 0, 1), (2, 1, 0)])
def test_pieces_join_each_other_and_what_is_whole(order: tuple[int, ...]) -> None:
    x, other = leaf(4, 3), leaf(4, 3, seed=1)
    middle, rows = ops.exp(x), np.array([2, 0, 2])
    uses = [
        lambda: (middle + other).reshape(12),
        lambda: middle[:, 1:].reshape(8),
        lambda: middle[rows].reshape(9),
    ]
    y = ops.concatenate(*[uses[use]() for use in order], axis=0)
    d = np.random.default_rng(3).normal(size=y.shape)
    y.backward(d)
    sizes = [(12, 8, 9)[use] for use in order]
    parts = np.split(d, np.cumsum(sizes)[:-1])
    whole, columns, taken = (parts[order.index(use)] for use in range(3))
    expected = whole.reshape(4, 3).copy()
    expected[:, 1:] += columns.reshape(4, 2)
    np.add.at(expected, rows, taken.reshape(3, 3))
    np.testing.assert_allclose(x.grad, expected * np.exp(x.numpy()), rtol=1e-14)
    np.testing.assert_array_equal(other.grad, whole.reshape(4, 3))


def test_a_number_used_many_times() -> None:
    x = leaf()
    (x * x * x + x).backward()
    np.testing.assert_allclose(x.grad, 3 * x.numpy() ** 2 + 1)


def test_pull_gives_whole_arrays() -> None:
    x = leaf(3, 2)
    (found,) = node.pull(x[1].node, np.array([5.0, 7.0]))
    assert found[0] is x
    np.testing.assert_array_equal(found[1], [[0, 0], [5, 7], [0, 0]])
