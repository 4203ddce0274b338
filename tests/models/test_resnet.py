"""ResNet beside transformers' own, and beside what its paper printed."""

from __future__ import annotations

import json
import re
import warnings
from math import sqrt

import numpy as np
import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

import minicvt as mc
from minicvt import models
from minicvt.accounting import count
from minicvt.errors import DtypeError, OptionError, ShapeError, UnknownName
from tests.oracle import relative_error

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from transformers import ResNetConfig, ResNetForImageClassification

SMALL = {"dims": (16, 24, 32, 40), "depths": (1, 2, 1, 1), "stem_dim": 8}
OUTSIDE = {
    "conv1": "resnet.embedder.embedder.convolution",
    "bn1": "resnet.embedder.embedder.normalization",
    "fc": "classifier.1",
}
INSIDE = {
    "downsample.0": "shortcut.convolution",
    "downsample.1": "shortcut.normalization",
}
for k in range(3):
    INSIDE[f"conv{k + 1}"] = f"layer.{k}.convolution"
    INSIDE[f"bn{k + 1}"] = f"layer.{k}.normalization"


def small(**overrides):
    fields = SMALL | {"num_classes": 5, "dtype": "float64"} | overrides
    return models.build("resnet-50", **fields)


def renamed(name):
    """Say what transformers calls one of our tensors."""
    module, leaf = name.rsplit(".", 1)
    block = re.fullmatch(r"layer(\d)\.(\d+)\.(.+)", module)
    if block is None:
        return f"{OUTSIDE[module]}.{leaf}"
    stage = f"resnet.encoder.stages.{int(block[1]) - 1}.layers.{block[2]}"
    return f"{stage}.{INSIDE[block[3]]}.{leaf}"


def their_config(config):
    """Return transformers' configuration of the same network."""
    return ResNetConfig(
        num_channels=config.in_chans,
        embedding_size=config.stem_dim,
        hidden_sizes=list(config.dims),
        depths=list(config.depths),
        downsample_in_bottleneck=config.stride_in == "conv1",
        num_labels=config.num_classes,
    )


def their_model(config):
    """Build theirs in float64, at random; our small stem takes the place of theirs."""
    model = ResNetForImageClassification(their_config(config)).double()
    if config.stem == "cifar":
        conv = torch.nn.Conv2d(config.in_chans, config.stem_dim, 3, 1, 1, bias=False)
        model.resnet.embedder.embedder.convolution = conv.double()
        model.resnet.embedder.pooler = torch.nn.Identity()
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for name, value in model.state_dict().items():
            if value.dtype.is_floating_point:
                noise = torch.randn(value.shape, generator=generator).double()
                if name.endswith(("running_var", "normalization.weight")):
                    noise = 1 + noise.clamp(-2, 2) / 4
                value.copy_(noise / sqrt(max(1, value[0].numel())))
    return model


def state_of(model):
    return {name: value.numpy().copy() for name, value in model.state_dict().items()}


def their_answers(model, x, cotangent):
    """Logits, gradients by name, and what the buffers are afterwards."""
    pixels = torch.tensor(mc.to_nchw(x), requires_grad=True)
    logits = model(pixels).logits
    logits.backward(torch.tensor(cotangent))
    gradients = {name: p.grad.numpy() for name, p in model.named_parameters()}
    return logits.detach().numpy(), gradients | {"x": pixels.grad.numpy()}


@pytest.mark.parametrize("mode", ["eval", "train"])
@pytest.mark.parametrize(
    "body", ["numpy", pytest.param("numba", marks=[pytest.mark.numba])]
)
@pytest.mark.parametrize(
    "overrides",
    [{}, {"stride_in": "conv1"}, {"stem": "cifar", "stem_dim": 16, "in_chans": 2}],
    ids=["v1.5", "v1", "small pictures"],
)
def test_logits_and_every_gradient(overrides, body, mode):
    ours = small(**overrides).train(mode == "train")
    theirs = their_model(ours.config).train(mode == "train")
    state = state_of(theirs)
    ours.load_state_dict({name: state[renamed(name)] for name in ours.state_dict()})
    rng = np.random.default_rng(1)
    x = rng.normal(0.3, 1, size=(2, 75, 98, ours.config.in_chans))
    cotangent = rng.normal(size=(2, 5))
    logits, expected = their_answers(theirs, x, cotangent)
    leaf = mc.Tensor(x, requires_grad=True)
    with mc.kernels.use(body):
        found = ours(leaf)
        found.backward(cotangent)
    assert relative_error(found.numpy(), logits) <= 1e-9
    gradients = {renamed(name): p.grad for name, p in ours.named_parameters()}
    gradients["x"] = mc.to_nchw(leaf.grad)
    assert gradients.keys() == expected.keys()
    for name, gradient in expected.items():
        assert relative_error(gradients[name], gradient) <= 1e-9, name
    after = state_of(theirs)
    moved = [name for name in state if not np.array_equal(state[name], after[name])]
    assert bool(moved) == (mode == "train")
    for name, value in ours.named_buffers():
        assert relative_error(value, after[renamed(name)]) <= 1e-9, name


# What the paper prints in table 1, in 10^9, is of its own models: stride in conv1.
@pytest.mark.parametrize(
    ("name", "parameters", "printed"),
    [
        ("resnet-50", 25_557_032, 3.8),
        ("resnet-101", 44_549_160, 7.6),
        ("resnet-152", 60_192_808, 11.3),
    ],
)
def test_parameters_and_macs(name, parameters, printed):
    macs = {}
    for stride_in in ("conv1", "conv2"):
        config = models.variant(name, stride_in=stride_in)
        with mc.shapes_only():
            model = config.build()
        macs[stride_in] = count(model).macs
        with torch.device("meta"):
            theirs = ResNetForImageClassification(their_config(config)).eval()
            pixels = torch.zeros(1, 3, 224, 224)
        with FlopCounterMode(display=False) as counter:
            theirs(pixels)
        assert 2 * macs[stride_in] == counter.get_total_flops()
        assert model.count_parameters() == theirs.num_parameters() == parameters
    assert macs["conv1"] / 1e9 == pytest.approx(printed, abs=0.06)
    # v1 does a quarter of the first 1 x 1 in three stages, where it costs the same.
    assert macs["conv2"] - macs["conv1"] == 3 * 3 * (56 * 56 * 256 * 128 // 4)


def test_names_are_those_of_torchvision():
    with mc.shapes_only():
        model = models.build("resnet-50")
    shapes = {name: p.shape for name, p in model.named_parameters()}
    assert len(shapes) == 161
    assert shapes["conv1.weight"] == (64, 3, 7, 7)
    assert shapes["layer1.0.downsample.0.weight"] == (256, 64, 1, 1)
    assert shapes["layer1.0.downsample.1.bias"] == (256,)
    assert shapes["layer3.5.conv2.weight"] == (256, 256, 3, 3)
    assert shapes["layer4.2.bn3.weight"] == (2048,)
    assert shapes["fc.weight"] == (1000, 2048)
    assert [name for name in shapes if "downsample" in name and ".0." not in name] == []


def test_it_starts_as_in_torchvision():
    model = small(dims=(128,), depths=(2,), num_classes=200).state_dict()
    for name, weight in model.items():
        if weight.ndim == 4:
            std = sqrt(2 / (weight.shape[0] * weight.shape[2] * weight.shape[3]))
            assert weight.std() == pytest.approx(std, rel=0.1), name
        elif name.endswith("bias"):
            assert np.abs(weight).max() <= (1 / sqrt(128) if "fc" in name else 0)
        elif "fc" not in name and weight.ndim:
            assert (weight == ("mean" not in name)).all(), name
    assert np.abs(model["fc.weight"]).max() <= 1 / sqrt(128)
    assert model["fc.bias"].any()


@pytest.mark.parametrize("size", [(1, 1), (3, 1), (33, 64)])
@pytest.mark.parametrize("stem", ["imagenet", "cifar"])
def test_any_size_runs_forward_and_backward(size, stem):
    model = small(stem=stem).eval()
    logits = model(np.random.default_rng(2).normal(size=(1, *size, 3)))
    assert logits.shape == (1, 5)
    logits.backward(np.random.default_rng(3).normal(size=(1, 5)))
    assert all(p.grad is not None for _, p in model.named_parameters())


def test_the_one_for_digits_is_as_large_as_the_smallest_cvt():
    with mc.shapes_only():
        ours, cvt = (models.build(name) for name in ("resnet-digits16", "cvt-digits16"))
    assert ours.count_parameters() == pytest.approx(cvt.count_parameters(), rel=0.2)
    assert ours.config.image == cvt.config.image


def test_configuration_survives_json():
    config = models.variant("resnet-digits16", stride_in="conv1", depths=2)
    assert config.depths == (2, 2)
    assert models.from_dict(json.loads(json.dumps(config.as_dict()))) == config


@pytest.mark.parametrize(
    ("images", "error", "message"),
    [
        (np.zeros((2, 3, 64, 64)), ShapeError, r"\(B, H, W, 3\).*from_nchw"),
        (np.zeros((2, 64, 64, 1)), ShapeError, r"\(2, 64, 64, 1\)"),
        (np.zeros((2, 64, 64, 3), np.uint8), DtypeError, "float64, got uint8"),
        (np.zeros((2, 0, 64, 3)), ShapeError, r"not empty, got \(2, 0, 64, 3\)"),
        (np.zeros((1, 32, 32, 3)), ShapeError, "training needs two values a channel"),
    ],
)
def test_images_that_do_not_fit(images, error, message):
    with pytest.raises(error, match=message):
        small()(images)


@pytest.mark.parametrize(
    ("overrides", "error", "message"),
    [
        ({"depths": (1, 1, 1)}, OptionError, "3 entries"),
        ({"depths": (1, 0, 1, 1)}, OptionError, r"a block: \(1, 0, 1, 1\)"),
        ({"dims": (16, 24, 30, 40)}, OptionError, "multiples of 4"),
        ({"stem": "cifer"}, UnknownName, "cifar"),
        ({"stride_in": "conv3"}, UnknownName, "conv2"),
        ({"width": 64}, UnknownName, "option of resnet-50"),
    ],
)
def test_options_that_do_not_fit(overrides, error, message):
    with pytest.raises(error, match=message):
        small(**overrides)
