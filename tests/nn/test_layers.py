"""Linear, convolutions, norms and the embedding against torch.nn."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch.func import functional_call

from minicvt.errors import OptionError, ShapeError
from minicvt.nn import BatchNorm2d, Conv2d, ConvEmbed, Init, LayerNorm, Linear
from minicvt.observe import observe
from tests.nn.comparing import Leaves, check_like, normal, scrambled
from tests.oracle import nchw, nhwc, relative_error, to_torch


def init() -> Init:
    return Init("float64", seed=3)


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("shape", [(4, 5), (2, 3, 5), (1, 1, 1, 5)])
def test_linear(shape: tuple[int, ...], bias: bool) -> None:
    theirs = torch.nn.Linear(5, 7, bias)
    check_like(
        Linear(5, 7, bias, init=init()),
        lambda leaves, x: functional_call(theirs, leaves, x),
        normal(*shape),
    )


CONVOLUTIONS: dict[str, tuple[tuple[Any, ...], dict[str, Any]]] = {
    "plain": ((4, 6, 3), {}),
    "one number each": ((4, 6, 3), {"stride": 2, "padding": 1}),
    "two numbers each": ((4, 6, (3, 2)), {"stride": (1, 3), "padding": (2, 0)}),
    "groups": ((4, 6, 3), {"groups": 2, "bias": False}),
    "depthwise": ((4, 4, 3), {"groups": 4, "stride": 2, "padding": 1, "bias": False}),
    "depthwise, bias": ((4, 4, 3), {"groups": 4, "padding": 1}),
    "multiplier": ((4, 8, 3), {"groups": 4, "bias": False}),
}


@pytest.mark.parametrize("name", CONVOLUTIONS)
def test_conv2d(name: str) -> None:
    arguments, options = CONVOLUTIONS[name]
    theirs = torch.nn.Conv2d(*arguments, **options)
    check_like(
        Conv2d(*arguments, **options, init=init()),
        lambda leaves, x: nhwc(functional_call(theirs, leaves, nchw(x))),
        normal(2, 7, 5, 4),
    )


def test_one_group_a_channel_runs_the_depthwise_operation() -> None:
    layer = Conv2d(4, 4, 3, groups=4, bias=False, init=init())
    with observe() as events:
        layer(normal(1, 5, 5, 4))
    assert events[0].name == "depthwise_conv2d"


def test_groups_must_divide_the_channels() -> None:
    for channels in ((4, 6), (6, 4)):
        with pytest.raises(OptionError, match="4 groups do not divide"):
            Conv2d(*channels, 3, groups=4, init=init())
        with pytest.raises(ValueError, match="divisible by groups"):
            torch.nn.Conv2d(*channels, 3, groups=4)
    with pytest.raises(ShapeError, match="kernel_size must be one or two integers"):
        Conv2d(4, 4, (3, 3, 3), init=init())


def test_layer_norm() -> None:
    theirs = torch.nn.LayerNorm(6, eps=1e-3)
    check_like(
        scrambled(LayerNorm(6, eps=1e-3, init=init())),
        lambda leaves, x: functional_call(theirs, leaves, x),
        normal(2, 3, 6),
    )


def test_conv_embed() -> None:
    """Equation 1: floor((H + 2p - k) / s) + 1 rows, LayerNorm after it."""
    embed = scrambled(ConvEmbed(3, 6, 7, 4, 2, init=init()))

    def theirs(p: Leaves, x: torch.Tensor) -> torch.Tensor:
        y = F.conv2d(nchw(x), p["proj.weight"], p["proj.bias"], stride=4, padding=2)
        return F.layer_norm(nhwc(y), (6,), p["norm.weight"], p["norm.bias"])

    x = normal(2, 19, 14, 3)
    check_like(embed, theirs, x)
    assert embed(x).shape == (2, (19 + 4 - 7) // 4 + 1, (14 + 4 - 7) // 4 + 1, 6)


@pytest.mark.parametrize("training", [True, False])
def test_batch_norm(training: bool) -> None:
    ours = scrambled(BatchNorm2d(4, init=init())).train(training)
    theirs = torch.nn.BatchNorm2d(4).double().train(training)
    ours.running_mean, ours.running_var = normal(4), normal(4) ** 2
    theirs.running_mean = to_torch(ours.running_mean)
    theirs.running_var = to_torch(ours.running_var)
    check_like(
        ours,
        lambda leaves, x: nhwc(functional_call(theirs, leaves, nchw(x))),
        normal(3, 5, 2, 4),
    )


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_running_statistics_over_several_steps(dtype: str) -> None:
    ours = BatchNorm2d(4, momentum=0.3, init=Init(dtype))
    theirs = torch.nn.BatchNorm2d(4, momentum=0.3, dtype=getattr(torch, dtype))
    tolerance = 1e-12 if dtype == "float64" else 1e-6
    for step, batch in enumerate((1, 3, 2, 5)):
        x = (normal(batch, 3, 2, 4, seed=step) * (step + 1) + step).astype(dtype)
        ours(x)
        theirs(nchw(torch.tensor(x)))
        for name, buffer in theirs.named_buffers():
            own = dict(ours.named_buffers())[name]
            assert own.dtype == buffer.numpy().dtype
            assert relative_error(own, buffer) <= tolerance
    state = ours.state_dict()
    x = normal(2, 3, 2, 4).astype(dtype)
    y = ours.eval()(x).numpy()
    assert (
        relative_error(y, nhwc(theirs.eval()(nchw(torch.tensor(x)))).detach())
        <= tolerance
    )
    for name, value in ours.state_dict().items():
        np.testing.assert_array_equal(value, state[name])


def test_running_statistics_are_replaced_not_written_into() -> None:
    layer = BatchNorm2d(4, init=init())
    before = layer.running_mean
    layer(normal(2, 3, 2, 4))
    np.testing.assert_array_equal(before, np.zeros(4))
    assert np.abs(layer.running_mean).min() > 0


def test_one_value_a_channel_cannot_be_normalised() -> None:
    layer = BatchNorm2d(4, init=init())
    with pytest.raises(ShapeError, match=r"two values a channel, x is \(1, 1, 1, 4\)"):
        layer(normal(1, 1, 1, 4))
    assert layer.num_batches_tracked == 0
    assert layer.eval()(normal(1, 1, 1, 4)).shape == (1, 1, 1, 4)
