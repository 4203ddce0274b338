"""Where tokens lie, how heads are cut, what blocks drop, what does not go together."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from minicvt import Tensor, observe
from minicvt.errors import OptionError, ShapeError, UnknownName
from minicvt.grid import Grid
from minicvt.nn import (
    MLP,
    Attention,
    Block,
    Init,
    conv_projection,
    flatten,
    merge_heads,
    split_heads,
    unflatten,
)
from minicvt.nn.tokens import laid_out_once
from tests.nn.comparing import normal, scrambled

GRIDS = pytest.mark.parametrize(
    "grid", [Grid(5, 4), Grid(3, 6, 1), Grid(4, 5, 2)], ids=str
)
STRIDES = pytest.mark.parametrize("stride", [1, 2, 3])


def init(**options: Any) -> Init:
    return Init("float64", seed=3, **options)


def tokens_on(grid: Grid, dim: int, batch: int = 2) -> Any:
    return normal(batch, grid.tokens, dim)


@GRIDS
def test_flatten_and_unflatten_are_inverse_and_copy_nothing(grid: Grid) -> None:
    token_map, special = unflatten(Tensor(tokens_on(grid, 3)), grid)
    assert token_map.shape == (2, grid.height, grid.width, 3)
    tokens, back = flatten(token_map, special)
    assert back == grid
    np.testing.assert_array_equal(tokens.numpy(), tokens_on(grid, 3))
    if special is None:
        assert np.shares_memory(tokens.data, token_map.data)


def test_one_special_token_serves_the_whole_batch() -> None:
    cls = Tensor(normal(1, 1, 3), requires_grad=True)
    tokens, grid = flatten(Tensor(normal(4, 2, 5, 3)), cls)
    assert (tokens.shape, grid) == ((4, 11, 3), Grid(2, 5, 1))
    d = normal(4, 11, 3, seed=1)
    tokens.backward(d)
    np.testing.assert_allclose(cls.grad, d[:, :1].sum(0, keepdims=True))


def test_tokens_that_do_not_fill_the_grid() -> None:
    with pytest.raises(ShapeError, match=r"20 tokens do not fill the grid 1 \+ 5 x 4"):
        unflatten(Tensor(tokens_on(Grid(5, 4), 3)), Grid(5, 4, 1))


def test_heads_are_neighbouring_channels() -> None:
    x = Tensor(normal(2, 5, 12))
    heads = split_heads(x, 3)
    assert heads.shape == (2, 3, 5, 4)
    np.testing.assert_array_equal(heads.numpy()[:, 1], x.numpy()[:, :, 4:8])
    np.testing.assert_array_equal(merge_heads(heads).numpy(), x.numpy())


@STRIDES
@pytest.mark.parametrize("method", ["dw_bn", "avg", "dense"])
def test_a_projection_says_where_its_tokens_lie(method: str, stride: int) -> None:
    grid = Grid(7, 4, 1)
    source = conv_projection(method, 3, stride, "kv", init=init())
    tokens, after = source(Tensor(tokens_on(grid, 3)), grid)
    assert tokens.shape[1] == after.tokens
    rows = -(-6 // stride) if method == "avg" else 6 // stride
    assert after.height == rows + 1
    assert after.special == 1


def test_linear_and_pooled_queries_are_left_as_they_are() -> None:
    x = Tensor(tokens_on(Grid(3, 4), 3))
    for method, role in (("linear", "q"), ("linear", "kv"), ("avg", "q")):
        source = conv_projection(method, 3, 2, role, init=init())
        assert source(x, Grid(3, 4)) == (x, Grid(3, 4))


def test_attention_without_biases() -> None:
    layer = Attention(6, 2, "linear", qkv_bias=False, init=init())
    names = {name for name, _ in layer.named_parameters()}
    assert names == {f"proj{k}.weight" for k in ("", "_q", "_k", "_v")} | {"proj.bias"}


def test_observers_learn_where_queries_and_keys_lie() -> None:
    layer, grid = Attention(6, 3, kv_stride=2, init=init()), Grid(5, 4, 1)
    with observe() as events:
        layer(tokens_on(grid, 6), grid)
    event = next(e for e in events if getattr(e, "name", "") == "attend")
    assert event.options["query_grid"] == grid
    assert event.options["key_grid"] == Grid(3, 2, 1)
    assert event.output.shape == (2, 3, 21, 2)


@GRIDS
def test_q_k_and_v_see_one_map(grid: Grid) -> None:
    layer = scrambled(Attention(6, 3, init=init()))
    tokens, other = Tensor(tokens_on(grid, 6)), Tensor(tokens_on(grid, 6))
    with observe() as events:
        layer(tokens, grid)
    maps = [
        event.output
        for event in events
        if getattr(event, "name", "") == "reshape" and event.output.ndim == 4
        if event.output.shape[1:3] == (grid.height, grid.width)
    ]
    assert len(maps) == 1
    with laid_out_once():
        laid = unflatten(tokens, grid)
        assert unflatten(tokens, grid) is laid
        assert unflatten(other, grid) is not laid
    assert unflatten(tokens, grid) is not laid


def test_a_block_drops_each_branch_of_each_sample_by_itself() -> None:
    grid = Grid(2, 3)
    attn = Attention(4, 2, "linear", init=init())
    layer = scrambled(Block(4, attn, MLP(4, 8, init=init()), 0.5, init=init()))
    x = Tensor(tokens_on(grid, 4, batch=64))
    y = layer(x, grid).numpy()
    attended = 2 * attn(layer.norm1(x), grid).numpy()
    untouched = (y == x.numpy()).all((1, 2))
    only_mlp = x + 2 * layer.mlp(layer.norm2(x))
    middle = x + attended
    both = middle + 2 * layer.mlp(layer.norm2(middle))
    cases = [x, middle, only_mlp, both]
    kinds = [np.isclose(y, case.numpy()).all((1, 2)) for case in cases]
    assert np.sum(kinds, axis=0).tolist() == [1] * 64
    assert all(8 <= kind.sum() <= 24 for kind in kinds)
    np.testing.assert_array_equal(kinds[0], untouched)


def test_what_does_not_go_together() -> None:
    for heads in (4, 0):
        with pytest.raises(OptionError, match=f"{heads} heads do not divide dim 6"):
            Attention(6, heads, init=init())
    with pytest.raises(OptionError, match="'dim' or 'head_dim', got 'heads'"):
        Attention(6, 3, scale="heads", init=init())
    with pytest.raises(UnknownName, match="'dw-bn': did you mean dw_bn"):
        Attention(6, 3, "dw-bn", init=init())
    with pytest.raises(UnknownName, match="'glue': did you mean gelu"):
        MLP(4, 8, "glue", init=init())
    with pytest.raises(ShapeError, match="do not fill the grid 5 x 5"):
        Attention(6, 3, init=init())(tokens_on(Grid(5, 4), 6), Grid(5, 5))
