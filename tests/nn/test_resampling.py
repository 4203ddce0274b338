"""Resized position tables against PyTorch's and scipy's own interpolation."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import scipy.ndimage
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st

from minicvt import Tensor
from minicvt.blank import Blank
from minicvt.errors import ShapeError, UnknownName
from minicvt.grid import Grid
from minicvt.nn.resampling import METHODS, resample, weights
from tests.nn.comparing import normal
from tests.oracle import nchw, nhwc, relative_error, to_torch

SIDES = st.integers(1, 19)
SIZES = st.tuples(SIDES, SIDES)
ANY_METHOD = pytest.mark.parametrize("method", METHODS)


def interpolated(table: torch.Tensor, old: Grid, new: Grid, mode: str) -> Any:
    """PyTorch's interpolation of what follows the special rows."""
    places = table[:, old.special :].unflatten(1, (old.height, old.width))
    size = (new.height, new.width)
    resized = nhwc(F.interpolate(nchw(places), size, mode=mode, align_corners=False))
    return torch.cat([table[:, : old.special], resized.flatten(1, 2)], 1)


def zoomed(table: Any, old: Grid, new: Grid, mode: str = "constant") -> Any:
    """scipy's zoom as in ViT's checkpoint.py; ``mode`` is what lies outside."""
    places = table[0, old.special :].reshape(old.height, old.width, -1)
    factors = (new.height / old.height, new.width / old.width, 1)
    resized = scipy.ndimage.zoom(places, factors, order=1, mode=mode)
    flat = resized.reshape(1, new.places, -1)
    return np.concatenate([table[:, : old.special], flat], 1)


@pytest.mark.parametrize("mode", ["bilinear", "bicubic"])
@given(SIZES, SIZES, st.integers(0, 2))
def test_centred_methods_and_their_gradients_are_pytorchs(
    mode: str, before: tuple[int, int], after: tuple[int, int], special: int
) -> None:
    old, new = Grid(*before, special), Grid(*after, special)
    values = normal(1, old.tokens, 3)
    ours, theirs = Tensor(values, requires_grad=True), to_torch(values, True)
    output, expected = (
        resample(ours, old, new, mode),
        interpolated(theirs, old, new, mode),
    )
    assert relative_error(output.numpy(), expected.detach()) <= 1e-13
    cotangent = normal(*output.shape, seed=1)
    output.backward(cotangent)
    expected.backward(to_torch(cotangent))
    assert relative_error(ours.grad, theirs.grad) <= 1e-13


@given(SIZES, SIZES, st.integers(0, 2))
def test_zoom_is_scipys(
    before: tuple[int, int], after: tuple[int, int], special: int
) -> None:
    old, new = Grid(*before, special), Grid(*after, special)
    table = normal(1, old.tokens, 3)
    ours = resample(Tensor(table), old, new, "zoom").numpy()
    assert relative_error(ours, zoomed(table, old, new, "nearest")) <= 1e-13


@pytest.mark.parametrize("sides", [(14, 24), (24, 14), (7, 12), (14, 15)])
def test_zoom_at_the_sizes_of_vit_is_scipys_as_called_there(sides: Any) -> None:
    old, new = (Grid(side, side, 1) for side in sides)
    table = normal(1, old.tokens, 5)
    ours = resample(Tensor(table), old, new, "zoom").numpy()
    assert relative_error(ours, zoomed(table, old, new)) <= 1e-13


def test_where_rounding_makes_scipy_fall_off_the_edge_we_do_not() -> None:
    old, new = Grid(24, 3), Grid(22, 3)
    table = normal(1, old.tokens, 2)
    ours = resample(Tensor(table), old, new, "zoom").numpy()
    assert not zoomed(table, old, new)[0, -3:].any()
    np.testing.assert_allclose(ours[0, -3:], table[0, -3:], atol=1e-13)


@given(SIZES, SIZES)
def test_the_pullback_of_zoom_is_its_adjoint(
    before: tuple[int, int], after: tuple[int, int]
) -> None:
    old, new = Grid(*before, 1), Grid(*after, 1)
    table = Tensor(normal(1, old.tokens, 2), requires_grad=True)
    output = resample(table, old, new, "zoom")
    cotangent = normal(*output.shape, seed=1)
    output.backward(cotangent)
    forward = (cotangent * output.numpy()).sum()
    scale = np.abs(cotangent * output.numpy()).sum()
    assert abs((table.grad * table.numpy()).sum() - forward) <= 1e-12 * scale


@ANY_METHOD
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_same_grid_changes_no_bit(method: str, dtype: str) -> None:
    grid = Grid(5, 4, 2)
    table = Tensor(normal(1, 22, 3).astype(dtype))
    same = resample(table, grid, grid, method)
    np.testing.assert_array_equal(same.numpy(), table.numpy())
    np.testing.assert_array_equal(weights(method, 7, 7, dtype), np.eye(7))


@ANY_METHOD
@given(SIDES, SIDES)
def test_a_constant_stays_constant(method: str, old: int, new: int) -> None:
    matrix = weights(method, old, new)
    assert matrix.shape == (new, old)
    np.testing.assert_allclose(matrix.sum(axis=1), 1, atol=1e-13)


@ANY_METHOD
def test_float32_stays_float32_and_blank_stays_blank(method: str) -> None:
    old, new = Grid(5, 4, 1), Grid(3, 7, 1)
    values = normal(1, old.tokens, 3)
    double = resample(Tensor(values), old, new, method).numpy()
    single = resample(Tensor(values.astype("float32")), old, new, method)
    assert single.dtype == np.float32
    assert relative_error(single.numpy(), double) <= 1e-6
    blank = resample(Tensor(Blank(values.shape, "float32")), old, new, method)
    assert (blank.shape, blank.dtype) == ((1, 22, 3), np.float32)


def test_what_does_not_fit_is_refused() -> None:
    table, grid = Tensor(normal(1, 21, 3)), Grid(5, 4, 1)
    with pytest.raises(UnknownName, match="'bicubik': did you mean bicubic"):
        resample(table, grid, Grid(3, 4, 1), "bicubik")
    with pytest.raises(ShapeError, match=r"1 \+ 5 x 4 tokens to 2 x 2, other special"):
        resample(table, grid, Grid(2, 2), "zoom")
    with pytest.raises(ShapeError, match="21 tokens do not fill the grid 5 x 4"):
        resample(table, Grid(5, 4), Grid(2, 2), "zoom")
    with pytest.raises(ShapeError, match="5 places to 0, expected at least one"):
        resample(table, grid, Grid(0, 4, 1), "zoom")
