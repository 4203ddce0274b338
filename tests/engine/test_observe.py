"""The stream of events: what ran where, with what, at what cost."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from minicvt import Tensor, observe, ops
from minicvt.errors import ShapeError
from minicvt.nn import Conv2d, Init, Module, ModuleList
from minicvt.observe import (
    BackwardEvent,
    ModuleEvent,
    OperationEvent,
    current_path,
    observed,
)


class Stage(Module):
    """Two convolutions in a list."""

    def __init__(self) -> None:
        init = Init("float64")
        layers = [Conv2d(2, 4, 3, stride=(2, 1), init=init), Conv2d(4, 4, 1, init=init)]
        self.layers = ModuleList(layers)

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.layers:
            x = ops.relu(layer(x))
        return x


class Net(Module):
    """A module in a module."""

    def __init__(self) -> None:
        self.stage = Stage()

    def forward(self, x: Tensor) -> Tensor:
        return self.stage(x) * 2.0


X = np.ones((2, 7, 5, 2))


def operations(events: list[Any]) -> list[tuple[str, str]]:
    return [(e.name, e.path) for e in events if isinstance(e, OperationEvent)]


def test_operations_come_in_order_with_their_paths() -> None:
    with observe() as events:
        Net()(X)
    assert operations(events) == [
        ("conv2d", "stage.layers.0"),
        ("relu", "stage"),
        ("conv2d", "stage.layers.1"),
        ("relu", "stage"),
        ("multiply", ""),
    ]


def test_an_operation_event_has_inputs_options_output_and_cost() -> None:
    net = Net()
    with observe() as events:
        net(X)
    event = events[0]
    assert event.inputs[1] is net.stage.layers[0].weight
    assert event.options == {"stride": (2, 1), "padding": (0, 0), "groups": 1}
    assert event.output.shape == event.spec.shape == (2, 3, 3, 4)
    assert event.spec.macs == 2 * 3 * 3 * 4 * 2 * 3 * 3


def test_pullbacks_report_on_the_way_back_and_what_joins() -> None:
    x = Tensor(np.ones((2, 3)), requires_grad=True)
    with observe() as events:
        (x * x + ops.exp(x)).backward(np.ones((2, 3)))
    back = [e for e in events if isinstance(e, BackwardEvent)]
    # The second x of x * x joins the first, and that of exp(x) both.
    joined = [("add", 0), ("multiply", 6), ("exp", 6)]
    assert [(e.node.name, e.joined) for e in back] == joined


def test_an_optional_input_that_is_left_out_is_none() -> None:
    with observe() as events:
        ops.linear(np.ones((2, 3)), np.ones((4, 3)))
    assert events[0].inputs[2] is None
    assert events[0].spec.macs == 2 * 3 * 4


def test_modules_report_after_what_is_inside() -> None:
    net = Net()
    with observe() as events:
        y = net(X)
    modules = [e for e in events if isinstance(e, ModuleEvent)]
    assert [e.path for e in modules] == [
        "stage.layers.0",
        "stage.layers.1",
        "stage",
        "",
    ]
    assert modules[-1].module is net
    assert modules[-1].output is y
    assert modules[-1].inputs[0] is X


def test_a_part_called_by_itself_has_its_own_name() -> None:
    with observe() as events:
        Net().stage(X)
    assert operations(events)[0] == ("conv2d", "stage.layers.0")


def test_observers_nest() -> None:
    seen: list[Any] = []
    with observe(seen.append) as handed_on:
        ops.exp(X)
        with observe() as inner:
            ops.log(X)
    assert handed_on == []
    assert operations(seen) == [("exp", ""), ("log", "")]
    assert operations(inner) == [("log", "")]


def test_nothing_leaks_after_an_error() -> None:
    with pytest.raises(ShapeError), observe() as events:
        Net()(np.ones((1, 7, 5, 3)))
    assert not observed()
    assert current_path() == ""
    ops.exp(X)
    assert operations(events) == []


def test_errors_say_where_they_happened() -> None:
    with pytest.raises(ShapeError, match=r"^conv2d in stage\.layers\.0: weight \(4, 2"):
        Net()(np.ones((1, 7, 5, 3)))


def test_an_operation_can_be_used_as_its_observers_output() -> None:
    """Observing changes nothing: the output is the very tensor the caller gets."""
    x = Tensor(np.ones(3), requires_grad=True)
    with observe() as events:
        y = ops.exp(x)
    assert events[0].output is y
    y.backward(np.ones(3))
    np.testing.assert_array_equal(x.grad, np.exp(np.ones(3)))


def test_attention_maps_are_the_softmax_of_what_was_observed() -> None:
    rng = np.random.default_rng(0)
    q, k, v = rng.normal(size=(3, 2, 3, 4, 5))
    bias = rng.normal(size=(3, 1, 4))
    with observe() as events:
        out = ops.attend(q, k, v, bias, scale=0.3)
    weights = ops.attention_map(events[0])
    assert weights.shape == (2, 3, 4, 4)
    np.testing.assert_allclose(weights @ v, out.numpy(), rtol=1e-12)
