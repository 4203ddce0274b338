"""What moves with the image, and what does not.

T_n moves by n places. Of two views of one larger picture, some strides apart, a window
sees the same, unless it reaches over a border of either; those places are left out.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minicvt import Tensor, no_grad
from minicvt.grid import Grid
from minicvt.nn import MLP, Attention, Block, ConvEmbed, Init, flatten, unflatten
from minicvt.nn.projection import DepthwiseBN
from tests.laws.parts import ROUNDING, made
from tests.nn.comparing import normal
from tests.oracle import relative_error

HEIGHT, WIDTH = 26, 30

Function = Callable[[Tensor], Tensor]


class Window(NamedTuple):
    """Kernel, stride and padding of one step from map to map."""

    kernel: int
    stride: int
    padding: int

    def places(self, size: int) -> int:
        """Count the windows along a side."""
        return (size + 2 * self.padding - self.kernel) // self.stride + 1

    def inside(self, size: int, sound: range) -> range:
        """Return the places whose windows see only ``sound`` ones."""
        starts = [i * self.stride - self.padding for i in range(self.places(size))]
        seen = [
            i
            for i, start in enumerate(starts)
            if start in sound and start + self.kernel - 1 in sound
        ]
        return range(seen[0], seen[-1] + 1)


def interior(size: int, steps: list[Window]) -> range:
    """Return the places after all steps that no border has reached."""
    sound = range(size)
    for step in steps:
        size, sound = step.places(size), step.inside(size, sound)
    return sound


def apart(
    function: Function,
    steps: list[Window],
    pixels: tuple[int, int],
    by: tuple[int, int],
) -> float:
    """Compare f of a view with f of one ``pixels`` further, ``by`` places on."""
    picture = normal(1, HEIGHT + pixels[0], WIDTH + pixels[1], 3)
    with no_grad():
        here = function(Tensor(picture[:, :HEIGHT, :WIDTH])).numpy()
        there = function(Tensor(picture[:, pixels[0] :, pixels[1] :])).numpy()
    sound = [interior(size, steps) for size in (HEIGHT, WIDTH)]
    one = [slice(r[0] + n, r[-1] + 1) for r, n in zip(sound, by, strict=True)]
    other = [slice(r[0], r[-1] + 1 - n) for r, n in zip(sound, by, strict=True)]
    assert here[:, *one].size > 8
    return relative_error(here[:, *one], there[:, *other])


some_places = st.tuples(st.integers(0, 2), st.integers(0, 2)).filter(any)
a_window = st.tuples(st.integers(2, 5), st.integers(1, 3), st.integers(0, 2)).map(
    lambda window: Window(*window)
)


def scaled(places: tuple[int, int], stride: int) -> tuple[int, int]:
    return places[0] * stride, places[1] * stride


def embedding(window: Window) -> Any:
    return made(ConvEmbed, 3, 4, *window)


@given(window=a_window, by=some_places)
def test_an_embedding_moves_with_the_image(window: Window, by: tuple[int, int]) -> None:
    """E(T_{s n} x) = T_n E(x): n strides of the image are n tokens."""
    pixels = scaled(by, window.stride)
    assert apart(embedding(window), [window], pixels, by) <= ROUNDING


@pytest.mark.parametrize("pixels", [(1, 0), (0, 1), (3, 2)])
def test_by_less_than_a_stride_it_does_not(pixels: tuple[int, int]) -> None:
    """E(T_1 x) != T_n E(x) for any n, where the stride is 2."""
    window = Window(3, 2, 1)
    nearest = min(
        apart(embedding(window), [window], pixels, (down, across))
        for down in range(3)
        for across in range(3)
    )
    assert nearest > 0.1


STAGE = Window(3, 2, 1)


def projected(stride: int) -> tuple[Function, list[Window]]:
    """Embed with stride 2, then the depthwise convolution and BatchNorm of q or k."""
    embed, source = embedding(STAGE), made(DepthwiseBN, 4, stride)

    def run(x: Tensor) -> Tensor:
        return unflatten(*source(*flatten(embed(x))))[0]

    return run, [STAGE, Window(3, stride, 1)]


@given(by=some_places)
def test_queries_move_by_a_token_for_each_stride(by: tuple[int, int]) -> None:
    """Q(T_{s n} x) = T_n Q(x)."""
    assert apart(*projected(1), scaled(by, STAGE.stride), by) <= ROUNDING


@given(by=some_places)
def test_keys_and_values_move_by_one_for_each_two_strides(by: tuple[int, int]) -> None:
    """K(T_{2 s n} x) = T_n K(x): their own stride is 2."""
    assert apart(*projected(2), scaled(by, 2 * STAGE.stride), by) <= ROUNDING


@pytest.mark.parametrize("by", [(0, 0), (1, 0), (1, 1)])
def test_by_one_stride_they_do_not(by: tuple[int, int]) -> None:
    """K(T_s x) is neither K(x) nor T_1 K(x): the windows fall between tokens."""
    assert apart(*projected(2), (STAGE.stride, STAGE.stride), by) > 0.1


def stage(projection: str) -> tuple[Function, Any]:
    """Embed, then one block."""
    embed = embedding(STAGE)
    init = Init("float64")
    attn, mlp = Attention(4, 2, projection, init=init), MLP(4, 8, init=init)
    block = made(Block, 4, attn, mlp)

    def run(x: Tensor) -> Tensor:
        tokens, grid = flatten(embed(x))
        return unflatten(block(tokens, grid), grid)[0]

    return run, block


@pytest.mark.parametrize("projection", ["dw_bn", "linear"])
def test_a_block_does_not_move_with_the_image(projection: str) -> None:
    """B(T_{2 s} x) != T_2 B(x) anywhere: attention sees what came in at the border."""
    run, _ = stage(projection)
    assert apart(run, [STAGE], (4, 4), (2, 2)) > 1e-3


def test_without_its_attention_a_block_does() -> None:
    """x + W 0 + MLP(LN(x)) acts on each token by itself."""
    run, block = stage("dw_bn")
    for parameter in (block.attn.proj.weight, block.attn.proj.bias):
        parameter.assign(np.zeros(parameter.shape))
    assert apart(run, [STAGE], (4, 4), (2, 2)) <= ROUNDING


@pytest.mark.parametrize(("projection", "told"), [("linear", False), ("dw_bn", True)])
def test_zero_padding_tells_where_the_border_is(projection: str, told: bool) -> None:
    """Tokens that are all c: A(c) is constant with "linear", and not with "dw_bn"."""
    same = np.broadcast_to(normal(4), (1, 30, 4))
    y = made(Attention, 4, 2, projection)(Tensor(same), Grid(5, 6)).numpy()
    first = np.broadcast_to(y[:, :1], y.shape)
    assert (relative_error(y, first) > 1e-3) == told
    assert (relative_error(y, first) > ROUNDING) == told
