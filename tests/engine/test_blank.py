"""Shapes without values: models that are counted without any memory."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

import minicvt as mc
from minicvt import Tensor, ops
from minicvt.blank import Blank
from minicvt.errors import GraphError, ShapeError
from minicvt.nn import Dropout, DropPath, Init

IMAGES = (8, 384, 384, 3)


def blank(*shape: int, dtype: str = "float32") -> Tensor:
    return Tensor(Blank(shape, dtype))


def test_a_blank_has_everything_but_values() -> None:
    x = Blank((2, 3), "float32")
    assert (x.shape, x.dtype, x.ndim, x.size, x.nbytes) == (
        (2, 3),
        np.float32,
        2,
        6,
        24,
    )
    assert repr(x) == "Blank((2, 3), float32)"
    assert repr(Tensor(x)) == "Tensor(shape (2, 3), float32)"


def test_reading_values_raises() -> None:
    x = blank(1)
    for read in (x.numpy, x.item, lambda: np.asarray(x), lambda: np.exp(x.data)):
        with pytest.raises(
            GraphError, match=r"array \(1,\) has no values.*shapes_only"
        ):
            read()


def test_computing_with_values_or_asking_for_truth_raises() -> None:
    x = Blank((2, 3), "float32")
    asks = (
        *(lambda: x > 0, lambda: x == 0, lambda: x + 1, lambda: np.ones((2, 3)) * x),
        *(lambda: -x, lambda: bool(x), lambda: np.maximum.reduce(x)),
    )
    for ask in asks:
        with pytest.raises(GraphError, match=r"array \(2, 3\) has no values"):
            ask()
    assert len({x, x}) == 1


@pytest.mark.parametrize("shape", [(2, -1), (2**40, 2**40), (2**61,)])
def test_shapes_that_no_array_can_have_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ShapeError, match=r"no array can be .* in float32"):
        Blank(shape, "float32")
    assert Blank((2**60,), "float32")[::2].shape == (2**59,)


def test_operations_follow_the_rules_alone() -> None:
    y = ops.conv2d(blank(2, 7, 5, 4), blank(6, 4, 3, 3), stride=2, padding=1)
    assert isinstance(y.data, Blank)
    assert (y.shape, y.dtype) == ((2, 4, 3, 6), np.float32)
    assert ((y + 1.0) * np.ones(6, "float32")).shape == (2, 4, 3, 6)
    with pytest.raises(ShapeError, match="needs 4 channels"):
        ops.conv2d(blank(2, 7, 5, 3), blank(6, 4, 3, 3))


def test_backward_says_that_there_are_no_values() -> None:
    x = blank(3)
    x.requires_grad = True
    with pytest.raises(GraphError, match="no values"):
        x.sum().backward()


@pytest.mark.parametrize("training", [False, True])
def test_a_large_model_is_built_and_run_without_memory(training: bool) -> None:
    mc.models.build("cvt-c8w")  # what is imported late is imported now
    tracemalloc.start()
    with mc.shapes_only():
        model = mc.models.build("cvt-w24", dropout=0.1).train(training)
    assert model(blank(*IMAGES)).shape == (8, 1000)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    weights = 4 * model.count_parameters()
    assert weights > 1_000_000_000
    assert peak < 10_000_000


def test_no_mask_is_drawn_for_a_blank() -> None:
    for layer in (Dropout(0.5, init=Init()), DropPath(0.5, init=Init())):
        before = layer.generator.bit_generator.state
        assert layer(blank(2, 3, 4)).shape == (2, 3, 4)
        assert layer.generator.bit_generator.state == before


def test_shapes_only_ends_with_its_block() -> None:
    with mc.shapes_only():
        assert isinstance(Init().zeros(3), Blank)
    assert isinstance(Init().zeros(3), np.ndarray)
