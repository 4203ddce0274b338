"""Dropout and drop path: masks, scaling, generators, gradients."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from minicvt import Tensor
from minicvt.errors import OptionError, UnknownName
from minicvt.nn import Dropout, DropPath, Init, drop_path_rates
from tests.nn.comparing import normal

LAYERS = pytest.mark.parametrize("layer", [Dropout, DropPath])


def mask_of(layer: Any, *shape: int) -> Any:
    return layer(np.ones(shape)).numpy()


def test_dropout_draws_a_number_for_each_element() -> None:
    mask = mask_of(Dropout(0.3, init=Init()), 50, 40, 30)
    assert np.unique(mask).tolist() == [0, 1 / 0.7]
    assert abs((mask == 0).mean() - 0.3) < 0.01
    assert abs(mask.mean() - 1) < 0.01
    assert 0 < (mask[0] == 0).mean() < 1


def test_drop_path_draws_a_number_for_each_sample() -> None:
    mask = mask_of(DropPath(0.3, init=Init()), 4000, 3, 5)
    assert np.unique(mask).tolist() == [0, 1 / 0.7]
    assert abs((mask[:, 0, 0] == 0).mean() - 0.3) < 0.03
    assert (mask == mask[:, :1, :1]).all()


@LAYERS
def test_the_gradient_passes_through_the_same_mask(layer: Any) -> None:
    x, d = Tensor(normal(40, 3), requires_grad=True), normal(40, 3, seed=1)
    y = layer(0.5, init=Init())(x)
    y.backward(d)
    mask = np.where(y.numpy() == 0, 0, 2)
    np.testing.assert_array_equal(y.numpy(), x.numpy() * mask)
    np.testing.assert_array_equal(x.grad, d * mask)
    assert 0 < (mask == 0).mean() < 1


@LAYERS
def test_in_evaluation_or_at_zero_nothing_happens_and_nothing_is_drawn(
    layer: Any,
) -> None:
    x = Tensor(normal(4, 3))
    for still in (layer(0.5, init=Init()).eval(), layer(0, init=Init())):
        before = still.generator.bit_generator.state
        assert still(x) is x
        assert still.generator.bit_generator.state == before


@LAYERS
def test_masks_follow_from_the_seed_and_differ_between_calls_and_layers(
    layer: Any,
) -> None:
    first, again, other = (layer(0.5, init=Init(seed=seed)) for seed in (7, 7, 8))
    mask = mask_of(first, 64, 3)
    np.testing.assert_array_equal(mask, mask_of(again, 64, 3))
    assert (mask != mask_of(first, 64, 3)).any()
    assert (mask != mask_of(other, 64, 3)).any()
    init = Init(seed=7)
    neighbours = [layer(0.5, init=init) for _ in range(2)]
    assert (mask_of(neighbours[0], 64, 3) != mask_of(neighbours[1], 64, 3)).any()


def test_a_generators_state_brings_its_masks_back() -> None:
    layer = Dropout(0.5, init=Init())
    state = layer.generator.bit_generator.state
    mask = mask_of(layer, 20)
    layer.generator.bit_generator.state = state
    np.testing.assert_array_equal(mask, mask_of(layer, 20))


@LAYERS
def test_the_dtype_stays(layer: Any) -> None:
    assert layer(0.5, init=Init())(np.ones((4, 3), "float32")).dtype == np.float32


@LAYERS
def test_p_must_be_a_probability_less_than_one(layer: Any) -> None:
    for p in (-0.1, 1, 1.5):
        with pytest.raises(OptionError, match=rf"{layer.__name__}: p .* got {p}"):
            layer(p, init=Init())


def test_drop_path_rates() -> None:
    depths = (1, 2, 4)
    growing = pytest.approx([0, 0.1, 0.2, 0.3])
    assert drop_path_rates("linear", 0.3, depths, stage=2) == growing
    over_all = pytest.approx([0.15, 0.2, 0.25, 0.3])
    assert drop_path_rates("across", 0.3, depths, stage=2) == over_all
    assert drop_path_rates("across", 0.3, depths, stage=0) == [0]
    by_index = pytest.approx([0.2] * 4)
    assert drop_path_rates("stage_index", 0.3, depths, stage=2) == by_index
    assert drop_path_rates("none", 0.3, (1, 1, 2), stage=2) == [0, 0]
    with pytest.raises(OptionError, match="entry 2 of 2"):
        drop_path_rates("stage_index", 0.3, (1, 1, 2), stage=2)
    with pytest.raises(UnknownName, match="'linaer': did you mean linear"):
        drop_path_rates("linaer", 0.3, depths, stage=0)
