"""T2T-ViT's stem against what it stands for."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F

import minicvt as mc
from minicvt import Tensor, observe
from minicvt.blank import Blank
from minicvt.errors import OptionError, ShapeError, UnknownName
from minicvt.grid import Grid
from minicvt.nn import Init
from minicvt.nn.layers import Conv2d
from minicvt.nn.module import Module
from minicvt.nn.soft_split import SoftSplit, soft_split
from minicvt.nn.token_layers import TokenPerformer, TokenTransformer, orthogonal
from minicvt.verify.layers.peer import Peer
from minicvt.verify.layers.theirs.stems import feature_kernel
from tests.nn.comparing import normal, scrambled
from tests.oracle import nchw, relative_error, to_torch

KINDS = {"performer": TokenPerformer, "transformer": TokenTransformer}
ANY_KIND = pytest.mark.parametrize("kind", KINDS)
SIZES = pytest.mark.parametrize("size", [(17, 23), (16, 9), (4, 30)], ids=str)


def init(dtype: str = "float64") -> Init:
    return Init(dtype, seed=3)


@SIZES
@pytest.mark.parametrize("window", [(7, 4, 2), (3, 2, 1), (4, 4, 0)], ids=str)
def test_a_soft_split_is_unfold(size: tuple[int, int], window: Any) -> None:
    x, (k, s, p) = normal(2, *size, 3), window
    tokens, grid = soft_split(Tensor(x), k, s, p)
    expected = F.unfold(nchw(to_torch(x)), k, stride=s, padding=p).mT
    np.testing.assert_array_equal(tokens.numpy(), expected)
    assert grid == Grid(*((n + 2 * p - k) // s + 1 for n in size))


def test_a_projected_soft_split_is_a_convolution() -> None:
    """So that the third split needs no code: weight (out, C k k) to (out, C, k, k)."""
    x, weight = Tensor(normal(2, 9, 6, 4)), normal(5, 4, 3, 3)
    tokens, grid = soft_split(x, 3, 2, 1)
    projected = tokens.numpy() @ weight.reshape(5, 36).T
    convolved = mc.ops.conv2d(x, weight, stride=2, padding=1).numpy()
    assert convolved.shape[1:3] == (grid.height, grid.width)
    assert relative_error(projected.reshape(convolved.shape), convolved) <= 1e-14


def test_kernel_attention_never_makes_the_scores_it_stands_for() -> None:
    layer = scrambled(TokenPerformer(11, 6, init=init())).eval()
    q, k, v = (normal(2, 40, 6, seed=i) for i in range(3))
    with observe() as events:
        ours = layer.mix(*map(Tensor, (q, k, v)), Grid(8, 5))
    assert max(event.output.size for event in events) < 2 * 40 * 40
    own = Peer(torch, {"w": to_torch(layer.w.numpy())}, training=False)
    explicit = feature_kernel(own, to_torch(q), to_torch(k)) @ to_torch(v)
    assert relative_error(ours.numpy(), explicit) <= 1e-13


def test_observers_see_the_attention_of_the_transformer() -> None:
    layer = SoftSplit(3, 4, "transformer", init=init())
    with observe() as events:
        layer(normal(2, 17, 23, 3))
    seen = [event for event in events if getattr(event, "name", "") == "attend"]
    assert [event.path for event in seen] == ["attention1", "attention2"]
    for event, grid in zip(seen, (Grid(4, 6), Grid(2, 3)), strict=True):
        assert event.options["query_grid"] == event.options["key_grid"] == grid
        assert mc.ops.attention_map(event).shape == (2, 1, grid.tokens, grid.tokens)


def test_the_projection_of_a_performer_is_frozen_orthogonal_and_sqrt_m_long() -> None:
    layer = TokenPerformer(147, 64, init=init())
    w = layer.w.numpy()
    np.testing.assert_allclose(w @ w.T, 32 * np.eye(32), atol=1e-12)
    assert not layer.w.requires_grad
    whole = layer.count_parameters() - layer.count_parameters(trainable=True)
    assert whole == 32 * 64
    single = orthogonal(5, 5, init=Init("float32", seed=1))
    assert single.dtype == np.float32
    np.testing.assert_allclose(single @ single.T, 5 * np.eye(5), atol=1e-5)


def without_mlp(layer: Module) -> Any:
    """The layer with nothing after v + Drop(proj(...))."""
    for linear in (layer.mlp.fc2.weight, layer.mlp.fc2.bias):
        linear.assign(np.zeros(linear.shape))
    return layer


def test_a_performer_drops_a_tenth_of_what_it_adds_to_v() -> None:
    layer = without_mlp(scrambled(TokenPerformer(11, 6, init=init())))
    x, grid = Tensor(normal(4, 300, 11)), Grid(20, 15)
    v = layer.proj_v(layer.norm1(x)).numpy()
    trained = layer(x, grid).numpy() - v
    kept = layer.eval()(x, grid).numpy() - v
    dropped = np.isclose(trained, 0, atol=1e-12)
    assert 0.07 < dropped.mean() < 0.13
    np.testing.assert_allclose(trained[~dropped], kept[~dropped] / 0.9, atol=1e-12)


MASKED = ("drop", "multiply")  # at the layer itself: inside its MLP nothing is


def test_a_performer_drops_a_tenth_of_its_mlp_too_and_a_transformer_nothing() -> None:
    x, grid = normal(2, 300, 11), Grid(20, 15)
    for kind, share in (("performer", 0.1), ("transformer", 0.0)):
        layer: Any = scrambled(KINDS[kind](11, 6, init=init()))
        with observe() as events:
            layer(x, grid)
        drawn = [e for e in events if (e.path, getattr(e, "name", "")) == MASKED]
        assert len(drawn) == (2 if share else 0)
        for event in drawn:
            assert abs((event.inputs[1].numpy() == 0).mean() - share) < 0.03


# Of the official code, at 224 with 384 channels after it.
@pytest.mark.parametrize(
    ("kind", "parameters", "macs"),
    [("performer", 391_526, 298_973_696), ("transformer", 387_046, 1_604_227_072)],
)
def test_parameters_and_macs_are_those_of_the_official_code(
    kind: str, parameters: int, macs: int
) -> None:
    with mc.shapes_only():
        layer = SoftSplit(3, 64, kind, init=init("float32"))
        project = Conv2d(64, 384, 3, 2, 1, init=init("float32"))
    with mc.count() as ledger:
        y = project(layer.eval()(Tensor(Blank((1, 224, 224, 3), "float32"))))
    assert y.shape == (1, 14, 14, 384)
    assert layer.count_parameters() + project.count_parameters() == parameters
    assert ledger.macs == macs


@ANY_KIND
def test_float32_stays_float32(kind: str) -> None:
    double = SoftSplit(3, 6, kind, init=init()).eval()
    single = SoftSplit(3, 6, kind, init=init("float32")).eval()
    single.load_state_dict(double.state_dict())
    x = normal(2, 17, 23, 3)
    output = single(x.astype("float32"))
    assert output.dtype == np.float32
    assert relative_error(output.numpy(), double(x).numpy()) <= 1e-5


def test_what_cannot_be_built_or_split() -> None:
    with pytest.raises(UnknownName, match="'preformer': did you mean performer"):
        SoftSplit(3, 64, "preformer", init=init())
    with pytest.raises(OptionError, match="dim must be at least 2, got 1"):
        TokenPerformer(147, 1, init=init())
    with pytest.raises(ShapeError, match=r"kernel \(7, 7\) is larger than the map"):
        SoftSplit(3, 4, init=init())(normal(1, 2, 9, 3))
