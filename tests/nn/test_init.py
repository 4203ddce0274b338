"""How parameters start: distributions, dtypes, and the same bits from a seed."""

from __future__ import annotations

from math import sqrt

import numpy as np
import pytest

from minicvt.errors import DtypeError, UnknownName
from minicvt.models import variant
from minicvt.nn import BatchNorm2d, Conv2d, Init, LayerNorm, Linear, Pointwise
from minicvt.nn.init import SCHEMES


def check_uniform(parameter: object, bound: float) -> None:
    """Fills +-bound evenly."""
    values = np.asarray(parameter)
    assert 0.9 * bound < np.abs(values).max() <= bound
    if values.size > 1000:
        assert abs(values.std() / (bound / sqrt(3)) - 1) < 0.05
        assert abs(values.mean()) < 0.05 * bound


def check_normal(parameter: object, std: float) -> None:
    """Is normal around 0."""
    values = np.asarray(parameter)
    assert abs(values.std() / std - 1) < 0.05
    assert abs(values.mean()) < 0.05 * std
    assert np.abs(values).max() > 3 * std


LINEAR = {"xavier": sqrt(6 / 160), "jax": sqrt(6 / 160), "resnet": 0.1, "pytorch": 0.1}
"""Bounds of the uniform ones, for 100 features in and 60 out."""
CONV = {
    "trunc_norm_all": 0.02,
    "jax": sqrt(1 / 400),
    "kaiming": sqrt(2 / 1000),
    "resnet": sqrt(2 / 1000),
}
"""Spreads of the normal ones: fan_in is 16 * 5 * 5, fan_out 40 * 5 * 5."""


@pytest.mark.parametrize("scheme", SCHEMES)
def test_linear(scheme: str) -> None:
    layer = Linear(100, 60, init=Init("float64", scheme=scheme))
    if scheme in LINEAR:
        check_uniform(layer.weight, LINEAR[scheme])
    else:
        check_normal(layer.weight, 0.02)
    if scheme in ("resnet", "pytorch"):
        check_uniform(layer.bias, 0.1)
    else:
        assert not layer.bias.numpy().any()


@pytest.mark.parametrize("scheme", SCHEMES)
def test_convolution(scheme: str) -> None:
    init = Init("float64", scheme=scheme)
    layer = Conv2d(32, 40, 5, groups=2, init=init)
    if scheme in CONV:
        check_normal(layer.weight, CONV[scheme])
        assert not layer.bias.numpy().any()
    else:
        check_uniform(layer.weight, 1 / sqrt(16 * 5 * 5))
        check_uniform(layer.bias, 1 / sqrt(16 * 5 * 5))


def test_a_pointwise_linear_starts_as_a_convolution() -> None:
    layer = Pointwise(400, 60, init=Init("float64", scheme="kaiming"))
    check_normal(layer.weight, sqrt(2 / 60))
    assert not layer.bias.numpy().any()


def test_norms_start_as_the_identity() -> None:
    for layer in (LayerNorm(5, init=Init()), BatchNorm2d(5, init=Init())):
        np.testing.assert_array_equal(layer.weight.numpy(), np.ones(5))
        np.testing.assert_array_equal(layer.bias.numpy(), np.zeros(5))


def test_a_vit_starts_as_the_official_code_does() -> None:
    """Answers nothing at all; its hidden layer starts as its patches do."""
    config = variant("vit-ti32", representation=150, depths=1, num_classes=7)
    model = config.build("float64")
    for name, value in (("cls", model.stage0.cls_token), ("head", model.head.weight)):
        assert not value.numpy().any(), name
    check_normal(model.stage0.pos_embed, 0.02)
    check_normal(model.stage0.patch_embed.proj.weight, sqrt(1 / (3 * 32 * 32)))
    check_normal(model.pre_logits.weight, sqrt(1 / 192))
    assert not model.pre_logits.bias.numpy().any()


@pytest.mark.parametrize("name", ["deit-tiny-distilled", "pvt-tiny", "t2t-7"])
def test_class_tokens_of_the_others_start_as_their_weights(name: str) -> None:
    parameters = dict(variant(name).build("float64").named_parameters())
    tokens = [p for path, p in parameters.items() if path.endswith("_token")]
    assert len(tokens) == 1 + ("distilled" in name)
    for token in tokens:
        assert 0.8 < token.numpy().std() / 0.02 < 1.2


@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_same_seed_gives_the_same_bits(scheme: str) -> None:
    first, again, other = (
        Conv2d(3, 4, 3, init=Init("float64", seed, scheme)).weight.numpy()
        for seed in (5, 5, 6)
    )
    np.testing.assert_array_equal(first, again)
    assert (first != other).all()


def test_float32_is_float64_rounded() -> None:
    single, double = (Linear(7, 5, init=Init(d)).weight for d in ("float32", "float64"))
    assert (single.dtype, double.dtype) == (np.float32, np.float64)
    np.testing.assert_array_equal(single.numpy(), double.numpy().astype("float32"))


def test_what_it_refuses() -> None:
    with pytest.raises(UnknownName, match="'xavir': did you mean xavier"):
        Init(scheme="xavir")
    for dtype in ("float16", "int64"):
        with pytest.raises(DtypeError, match=f"float32 or float64, got {dtype}"):
            Init(dtype)
