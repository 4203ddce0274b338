"""Training stops at the first number that is not finite, and says where it arose."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from minicvt import ops
from minicvt.errors import NotFiniteError
from minicvt.nn import Init, Linear, Module, Parameter
from minicvt.tensor import Tensor
from minicvt.train import fit
from tests.train.tiny import CLASSES, tiny_data, tiny_model, tiny_recipe

FC1 = "stage1.blocks.0.mlp.fc1"


def fill(model: Module, name: str, value: float) -> None:
    parameter = dict(model.named_parameters())[name]
    parameter.assign(np.full(parameter.shape, value, parameter.dtype))


def message(model: Any, **changes: Any) -> str:
    with pytest.raises(NotFiniteError) as caught:
        fit(model, tiny_data(), tiny_recipe(**changes))
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_poisoned_weight_is_named() -> None:
    model = tiny_model(tiny_recipe())
    fill(model, f"{FC1}.weight", np.nan)
    assert message(model) == (
        "epoch 1, step 1: the loss is not finite: "
        f"parameter {FC1}.weight holds NaN before this step"
    )


def test_the_operation_that_overflowed_is_named() -> None:
    model = tiny_model(tiny_recipe())
    fill(model, f"{FC1}.weight", 3e38)
    assert f"linear in {FC1} was the first to give" in message(model)


def test_images_are_suspected_too() -> None:
    data = tiny_data()
    data.train_images[7, 0, 0] = np.inf
    recipe = tiny_recipe()
    with pytest.raises(NotFiniteError, match=r"epoch 1, step .*the images hold an inf"):
        fit(tiny_model(recipe), replace(data, augment=None), recipe)


@pytest.mark.parametrize("lr", [1e20, 1e30, 1e37])
def test_a_huge_learning_rate(lr: float) -> None:
    text = message(tiny_model(tiny_recipe()), lr=lr)
    assert text.startswith("epoch 1, step ")
    assert "stage" in text


def test_the_last_step_is_not_forgotten() -> None:
    recipe = tiny_recipe(epochs=1, batch_size=40, lr=1e39)
    text = message(tiny_model(recipe), epochs=1, batch_size=40, lr=1e39)
    assert text.startswith("epoch 1, step 1: then ")


class Root(Module):
    """A finite loss with an infinite gradient: d sqrt(p) / dp at p = 0."""

    def __init__(self) -> None:
        init = Init()
        self.first = Linear(64, 5, init=init)
        self.root = Parameter(init.zeros(5))
        self.last = Linear(5, CLASSES, init=init)

    def forward(self, images: Any) -> Tensor:
        """Map images to logits."""
        hidden = self.first(Tensor(images.reshape(len(images), -1)))
        return self.last(hidden + ops.sqrt(self.root))


def test_the_gradient_is_named() -> None:
    text = message(Root())
    assert text.startswith("epoch 1, step 1: the gradient is not finite: that of root ")
