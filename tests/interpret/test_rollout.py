"""Rollout against explicit matrices, and where its value is known beforehand."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minicvt import models
from minicvt.errors import OptionError
from minicvt.interpret.rollout import rollout
from minicvt.interpret.watching import watch
from minicvt.interpret.windows import Window, triangle

SMALL = {
    "in_chans": 2,
    "dims": (4, 6, 8),
    "heads": (1, 2, 4),
    "depths": (1, 2, 2),
}


def model(**overrides: Any) -> Any:
    """Build a small CvT with weights large enough that attention is uneven."""
    found = models.build("cvt-rgb32", dtype="float64", seed=1, **SMALL | overrides)
    for _, parameter in found.named_parameters():
        parameter.assign(parameter.numpy() * 3)
    return found


def images(height: int = 13, width: int = 18) -> np.ndarray:
    return np.random.default_rng(2).normal(size=(3, height, width, 2))


def dealing(window: Window, above: tuple[int, int]) -> np.ndarray:
    """Write a window's dealing as a matrix ``(H' W', H W)``, entry by entry."""
    weights = [
        triangle(k, s) for k, s in zip(window.kernel, window.stride, strict=True)
    ]
    height, width = window.below
    matrix = np.zeros((*above, height, width))
    for i, j in np.ndindex(*above):
        for u, v in product(*map(range, window.kernel)):
            y = i * window.stride[0] + u - window.padding[0]
            x = j * window.stride[1] + v - window.padding[1]
            if 0 <= y < height and 0 <= x < width:
                matrix[i, j, y, x] += weights[0][u] * weights[1][v]
    return matrix.reshape(np.prod(above), height * width)


def explicit(levels: list[Any], image: int) -> np.ndarray:
    """Multiply full matrices, from the pixels up; return what the head reads."""
    content = np.eye(int(np.prod(levels[0].windows[0].below)))
    for level in levels:
        for window in level.windows:
            sides = zip(*window, strict=True)
            above = tuple((n + 2 * p - k) // s + 1 for k, s, p, n in sides)
            content = dealing(window, above) @ content[-np.prod(window.below) :]
        special = np.zeros((level.grid.special, content.shape[1]))
        content, found = np.concatenate([special, content]), 0.0
        for block in level.blocks:
            key_grid = block.key_grid
            deals = np.eye(key_grid.tokens, level.grid.tokens)
            if block.window is not None:
                n = key_grid.special
                deals[n:] = 0
                deals[n:, n:] = dealing(block.window, (key_grid.height, key_grid.width))
            content = (block.attention[image] @ deals @ content + content) / 2
            if not np.isscalar(block.read):
                found = found + block.read[image] @ content
    return found.reshape(levels[0].windows[0].below)


@pytest.mark.parametrize(
    "overrides",
    [
        {},
        {"kv_stride": 1},
        {"projection": "avg"},
        {"projection": "linear"},
        {"cls": (True, False, True)},
        {"cls": False},
        {"embed": ((7, 4, 2), (3, 2, 1), (2, 2, 0))},
    ],
    ids=lambda overrides: " ".join(f"{k}={v}" for k, v in overrides.items()) or "dw_bn",
)
def test_equal_to_explicit_matrices(overrides: dict[str, Any]) -> None:
    levels = watch(model(**overrides), images())
    found = rollout(levels)
    for i in range(3):
        np.testing.assert_allclose(
            found[i], explicit(levels, i), rtol=1e-12, atol=1e-18
        )


@given(st.integers(9, 21), st.integers(9, 21), st.sampled_from([1, 2]))
def test_shares_are_nonnegative_and_sum_to_at_most_one(
    height: int, width: int, kv_stride: int
) -> None:
    levels = watch(model(kv_stride=kv_stride), images(height, width))
    for blocks in (None, 2, 1):
        shares = rollout(levels, blocks)
        assert shares.shape == (3, height, width)
        assert shares.min() >= 0
        assert shares.sum(axis=(1, 2)).max() <= 1 + 1e-12


def test_uniform_attention_gives_the_analytic_value() -> None:
    """One block over 8 x 8 tokens, 16 keys and the class token's: all get 1/17.

    A token gets (1/2)(1/17)(1/4) from the class token: half by attention, and every
    token is read by windows of weight 1/4 in all. A pixel gets a quarter of its
    token's, since the embedding's windows overlap as evenly. Not so the last rows and
    columns: 2 divides 16, so one window fewer reads them.
    """
    one = model(dims=8, depths=1, heads=2, embed=((3, 2, 1),), cls=True)
    for name, parameter in one.named_parameters():
        if "proj_q" in name:
            parameter.assign(parameter.numpy() * 0)
    shares = rollout(watch(one, images(16, 16)))
    np.testing.assert_allclose(shares[:, :13, :13], 1 / 2 / 17 / 4 / 4, rtol=1e-12)


def test_one_block_alone_is_half_the_class_attention() -> None:
    levels = watch(model(), images())
    last = levels[-1].blocks[-1]
    dealt = last.window.deal(last.attention[:, 0, 1:].reshape(3, 2, 3))
    for level in reversed(levels):
        dealt = level.windows[0].deal(dealt)
    np.testing.assert_allclose(rollout(levels, 1), dealt / 2, rtol=1e-12)


def test_depth_counts_blocks_from_the_last() -> None:
    levels = watch(model(), images())
    np.testing.assert_array_equal(rollout(levels, 5), rollout(levels))
    lower = [block for level in levels[:-1] for block in level.blocks]
    before = rollout(levels, 2)
    for block in lower:
        block.attention[:] = 0
    np.testing.assert_array_equal(rollout(levels, 2), before)
    assert not np.allclose(rollout(levels), before)


def test_watching_leaves_the_model_as_it_was() -> None:
    one = model().train()
    state = one.state_dict()
    first = rollout(watch(one, images()))
    assert one.training
    for name, array in one.state_dict().items():
        np.testing.assert_array_equal(array, state[name])
    np.testing.assert_array_equal(first, rollout(watch(one.eval(), images())))


def test_a_model_without_stages_is_refused() -> None:
    with pytest.raises(OptionError, match="expected stages that embed and then attend"):
        watch(model().head, np.zeros((2, 8)))


@pytest.mark.parametrize(
    ("kernel", "stride", "weights"),
    [
        (3, 2, [1 / 4, 1 / 2, 1 / 4]),
        (3, 1, [1 / 4, 1 / 2, 1 / 4]),
        (7, 4, [n / 16 for n in (1, 2, 3, 4, 3, 2, 1)]),
        (2, 2, [1 / 2, 1 / 2]),
        (1, 1, [1]),
    ],
)
def test_weights_of_a_window(kernel: int, stride: int, weights: list[float]) -> None:
    np.testing.assert_allclose(triangle(kernel, stride), weights)


@pytest.mark.parametrize(
    ("kernel", "stride", "padding"), [(3, 2, 1), (7, 4, 3), (4, 4, 0)]
)
def test_windows_read_every_place_equally(
    kernel: int, stride: int, padding: int
) -> None:
    size = 8 * stride + 1
    window = Window((kernel,) * 2, (stride,) * 2, (padding,) * 2, (size, size))
    above = (size + 2 * padding - kernel) // stride + 1
    dealt = window.deal(np.ones((1, above, above)))
    inner = slice(kernel, 7 * stride)
    np.testing.assert_allclose(dealt[:, inner, inner], 1 / stride**2, rtol=1e-12)


def test_the_share_on_padding_is_dropped() -> None:
    window = Window((3, 3), (2, 2), (1, 1), (4, 4))
    shares = np.zeros((1, 2, 2))
    shares[0, 0, 0] = 1
    dealt = window.deal(shares)
    assert dealt.sum() == (3 / 4) ** 2
    assert dealt[0, 0, 0] == 1 / 4
