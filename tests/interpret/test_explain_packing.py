"""Attention in bytes: rows that sum to one, errors within bounds, fewer queries."""

from __future__ import annotations

from base64 import b64decode
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minicvt.grid import Grid
from minicvt.interpret.explain.packing import pack, shades, size, steps, thinned, unpack


def rows(seed: int, keys: int, sharpness: float) -> np.ndarray:
    scores = np.random.default_rng(seed).normal(size=(3, 4, keys)) * sharpness
    weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return (weights / weights.sum(axis=-1, keepdims=True)).astype(np.float32)


@given(st.integers(0, 99), st.integers(1, 900), st.floats(0, 12))
def test_packed_rows_come_back_within_the_bound(
    seed: int, keys: int, sharpness: float
) -> None:
    """Half a step of the root is m (r / 255 + 1 / 4 / 255^2), r = sqrt(w / m)."""
    weights = rows(seed, keys, sharpness)
    found = unpack(pack(weights))
    np.testing.assert_allclose(found.sum(axis=-1), 1, rtol=1e-12)
    most = weights.max(axis=-1, keepdims=True).astype(np.float64)
    root = np.sqrt(weights / most)
    step = most * (root / 255 + 1 / 4 / 255**2)
    off = step.sum(axis=-1, keepdims=True)  # how far a row's sum can be from 1
    bound = (step + weights * off) / np.maximum(1 - off, 1e-9)
    assert (np.abs(found - weights) <= bound + 1e-6).all()


def test_the_largest_and_the_even_stay_what_they_are() -> None:
    even = np.full((2, 784), 1 / 784)
    np.testing.assert_allclose(unpack(pack(even)), even)
    one = np.eye(5)
    np.testing.assert_array_equal(unpack(pack(one)), one)


def test_a_long_row_of_small_weights_keeps_them() -> None:
    """In even steps of its largest every other weight of this row would be 0."""
    row = np.array([0.5] + [0.5 / 783] * 783)
    found = unpack(pack(row))
    np.testing.assert_allclose(found, row, rtol=0.02)


@given(st.integers(1, 60), st.integers(1, 60), st.integers(0, 1), st.integers(1, 70))
def test_kept_queries_lie_in_the_middle(
    height: int, width: int, special: int, step: int
) -> None:
    grid = Grid(height, width, special)
    kept = thinned(grid, step)
    for chosen, side in ((kept.rows, height), (kept.columns, width)):
        assert chosen
        assert chosen == [*range(chosen[0], side, step)]
        assert abs(chosen[0] - (side - 1 - chosen[-1])) <= 1
    numbers = np.arange(grid.tokens)[:, None]
    found = kept.of(grid, numbers)[:, 0]
    places = [special + r * width + c for r in kept.rows for c in kept.columns]
    assert found.tolist() == [*range(special), *places]


@dataclass
class Stage:
    """What the budget asks of a block."""

    weights: np.ndarray
    query_grid: Grid


def block(heads: int, grid: Grid, keys: int) -> Stage:
    return Stage(np.broadcast_to(0.0, (heads, grid.tokens, keys)), grid)


CVT13 = [
    [block(1, Grid(56, 56), 784)],
    [block(3, Grid(28, 28), 196)] * 2,
    [block(6, Grid(14, 14, 1), 50)] * 10,
]


def test_the_largest_stage_gives_way_first() -> None:
    assert steps(CVT13, 10**9) == [1, 1, 1]
    assert sum(map(size, CVT13)) == 3136 * 784 + 2 * 3 * 784 * 196 + 60 * 197 * 50
    assert steps(CVT13, 2_250_000) == [2, 1, 1]


@pytest.mark.parametrize("budget", [2_000_000, 500_000, 100_000, 50_000])
def test_any_budget_is_kept(budget: int) -> None:
    found = steps(CVT13, budget)
    assert sum(map(size, CVT13, found)) <= budget


def test_a_budget_that_is_too_small_ends() -> None:
    found = steps(CVT13, 1)
    assert max(found) <= 56


def test_shades_go_from_low_to_high() -> None:
    values = np.array([-2.0, 0.0, 2.0])
    assert [*b64decode(shades(values, -2, 2))] == [0, 128, 255]
    assert [*b64decode(shades(values, 0, 1))] == [0, 0, 255]
    assert [*b64decode(shades(np.zeros(2), 0, 0))] == [0, 0]
