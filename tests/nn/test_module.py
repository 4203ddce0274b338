"""Modules: names, state, modes, the tree."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from minicvt import Tensor, shapes_only
from minicvt.errors import CheckpointError
from minicvt.nn import BatchNorm2d, Conv2d, Dropout, Init, Linear, Module, ModuleList
from tests.nn.comparing import normal, scrambled


class Stage(Module):
    """A list of layers, one with buffers, one with a generator."""

    def __init__(self, init: Init) -> None:
        self.layers = ModuleList(
            [Conv2d(2, 3, 3, init=init), BatchNorm2d(3, init=init)]
        )
        self.drop = Dropout(0.5, init=init)


class Net(Module):
    """A module in a module."""

    def __init__(self, dtype: str = "float64", seed: int = 0) -> None:
        init = Init(dtype, seed)
        self.stage0 = Stage(init)
        self.head = Linear(3, 2, bias=False, init=init)
        self.depth = 1

    def forward(self, x: Any) -> Tensor:
        for layer in self.stage0.layers:
            x = layer(x)
        return self.head(self.stage0.drop(x))


PARAMETERS = {
    "stage0.layers.0.weight": (3, 2, 3, 3),
    "stage0.layers.0.bias": (3,),
    "stage0.layers.1.weight": (3,),
    "stage0.layers.1.bias": (3,),
    "head.weight": (2, 3),
}
BUFFERS = {
    "stage0.layers.1.running_mean": (3,),
    "stage0.layers.1.running_var": (3,),
    "stage0.layers.1.num_batches_tracked": (),
}


def test_names_and_shapes() -> None:
    net = Net()
    assert {name: p.shape for name, p in net.named_parameters()} == PARAMETERS
    assert {name: b.shape for name, b in net.named_buffers()} == BUFFERS
    assert net.count_parameters() == 54 + 3 + 3 + 3 + 6
    assert [name for name, _ in net.named_modules()] == [
        "",
        "stage0",
        "stage0.layers",
        "stage0.layers.0",
        "stage0.layers.1",
        "stage0.drop",
        "head",
    ]
    assert net.dtype == np.float64


def test_a_list_of_modules() -> None:
    layers = Net().stage0.layers
    assert len(layers) == 2
    assert list(layers)[1] is layers[1]
    assert isinstance(layers[-1], BatchNorm2d)


def test_state_goes_round() -> None:
    net, other = scrambled(Net()), Net(seed=9)
    net(normal(2, 5, 4, 2))
    state = net.state_dict()
    assert {name: array.shape for name, array in state.items()} == PARAMETERS | BUFFERS
    other.load_state_dict(state)
    for name, array in other.state_dict().items():
        np.testing.assert_array_equal(array, state[name])
        assert array.dtype == state[name].dtype
    x = normal(2, 5, 4, 2)
    np.testing.assert_array_equal(net.eval()(x).numpy(), other.eval()(x).numpy())


def test_a_state_is_a_copy() -> None:
    net = Net()
    state = net.state_dict()
    state["head.weight"][:] = 7
    net.load_state_dict(net.state_dict() | {"head.weight": state["head.weight"]})
    state["head.weight"][:] = 8
    np.testing.assert_array_equal(net.head.weight.numpy(), np.full((2, 3), 7))


def test_loading_keeps_the_dtype_and_marks_the_parameters_as_written() -> None:
    net = Net("float32")
    net.load_state_dict(Net("float64", seed=3).state_dict())
    assert {array.dtype.name for array in net.state_dict().values()} == {
        "float32",
        "int64",
    }
    assert {p.version for _, p in net.named_parameters()} == {1}


def first_line(error: Any) -> str:
    return str(error.value).splitlines()[0]


def test_a_state_that_does_not_fit_is_refused_whole() -> None:
    net = Net()
    before = net.state_dict()
    state = {name: array + 1 for name, array in before.items()}
    state["stage0.layers.0.wieght"] = state.pop("stage0.layers.0.weight")
    state["stage0.layers.1.running_mean"] = np.zeros(4)
    state["nonsense"] = np.zeros(2)
    with pytest.raises(CheckpointError) as error:
        net.load_state_dict(state)
    said = first_line(error)
    assert (
        "1 mis-shaped (stage0.layers.1.running_mean: expected (3,), got (4,))" in said
    )
    assert "1 missing (stage0.layers.0.weight, near stage0.layers.0.wieght)" in said
    assert "2 unexpected (stage0.layers.0.wieght, near stage0.layers.0.weight" in said
    assert "nonsense" in said
    for name, array in net.state_dict().items():
        np.testing.assert_array_equal(array, before[name])


def test_without_a_copy_parameters_hold_the_arrays_themselves():
    net, state = Net(), Net(seed=3).state_dict()
    state["head.weight"] = np.asfortranarray(state["head.weight"])
    net.load_state_dict(state, copy=False)
    held = {name: p.numpy() is state[name] for name, p in net.named_parameters()}
    assert not held.pop("head.weight")  # in another order
    assert all(held.values())
    assert not any(p.numpy().flags.writeable for _, p in net.named_parameters())
    np.testing.assert_array_equal(net.head.weight.numpy(), state["head.weight"])


def test_not_strict_forgives_names_but_not_shapes() -> None:
    net, weight = Net(), np.ones((2, 3))
    net.load_state_dict({"head.weight": weight, "other": weight}, strict=False)
    np.testing.assert_array_equal(net.head.weight.numpy(), weight)
    with pytest.raises(CheckpointError, match=r"head.weight: expected \(2, 3\), got"):
        net.load_state_dict({"head.weight": weight.T}, strict=False)


def test_train_and_eval_reach_every_module() -> None:
    net = Net()
    assert {module.training for _, module in net.named_modules()} == {True}
    assert net.eval() is net
    assert {module.training for _, module in net.named_modules()} == {False}
    assert net.train() is net
    assert {module.training for _, module in net.named_modules()} == {True}
    net.stage0.eval()
    assert (net.training, net.stage0.drop.training) == (True, False)


def test_zero_grad() -> None:
    net = Net()
    net(normal(2, 5, 4, 2)).sum().backward()
    assert all(parameter.grad is not None for _, parameter in net.named_parameters())
    net.zero_grad()
    assert all(parameter.grad is None for _, parameter in net.named_parameters())


def test_generators_by_path() -> None:
    net = Net()
    assert list(net.generators()) == ["stage0.drop"]
    assert net.generators()["stage0.drop"] is net.stage0.drop.generator


def test_the_tree() -> None:
    assert repr(Net()).splitlines() == [
        "Net()  69",
        "  stage0: Stage()  63",
        "    layers: ModuleList()  63",
        "      0: Conv2d(weight (3, 2, 3, 3), bias (3,))  57",
        "      1: BatchNorm2d(weight (3,), bias (3,))  6",
        "    drop: Dropout()  0",
        "  head: Linear(weight (2, 3))  6",
    ]
    with shapes_only():
        assert repr(Net()) == repr(Net(seed=1))


def test_a_module_without_forward_says_so() -> None:
    with pytest.raises(NotImplementedError, match="Stage has no forward"):
        Net().stage0(normal(1, 2, 2, 2))
