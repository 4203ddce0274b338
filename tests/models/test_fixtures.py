"""CvT against the official code: logits, internals, every gradient, buffers."""

from __future__ import annotations

import numpy as np
import pytest

import minicvt as mc
from minicvt.observe import ModuleEvent
from tests.models.fixtures import NAMES, fixture
from tests.oracle import relative_error

MODES = ("eval", "train")


@pytest.fixture(params=NAMES)
def official(request):
    return fixture(request.param)


def backward(official, mode):
    """Run forward and backward of the soft cross-entropy in ``mode``."""
    model = official.model().train(mode == "train")
    images = mc.Tensor(official.images(), requires_grad=True)
    logits = model(images)
    loss = mc.ops.cross_entropy(logits, official.values["soft_target"])
    loss.backward()
    return model, images, logits, loss


@pytest.mark.parametrize("mode", MODES)
def test_logits_and_losses(official, mode):
    values = official.values
    _, _, logits, loss = backward(official, mode)
    assert relative_error(logits.numpy(), values[f"{mode}/logits"]) <= 1e-10
    labels = values["labels"]
    losses = {
        "loss_soft_ce": loss,
        "loss_ce": mc.ops.cross_entropy(logits, labels),
        "loss_label_smoothing_ce_0.1": mc.ops.cross_entropy(
            logits, labels, label_smoothing=0.1
        ),
    }
    for name, ours in losses.items():
        assert ours.item() == pytest.approx(values[f"{mode}/{name}"], rel=1e-12)


@pytest.mark.parametrize("mode", MODES)
def test_every_gradient(official, mode):
    model, images, _, _ = backward(official, mode)
    expected = official.values[f"{mode}/grad_x"]
    assert relative_error(mc.to_nchw(images.grad), expected) <= 1e-9
    for name, parameter in model.named_parameters():
        key = f"{mode}/grad/{name}"
        if official.is_zero(key):
            assert np.abs(parameter.grad).max() <= 1e-15, name
        else:
            assert relative_error(parameter.grad, official.values[key]) <= 1e-9, name


def test_no_gradient_is_left_out(official):
    model = official.model()
    keys = {k for k in official.values if k.startswith("eval/grad/")}
    assert keys == {f"eval/grad/{name}" for name, _ in model.named_parameters()}


def test_state_has_the_official_keys(official):
    state = official.model().state_dict()
    assert {k: v.shape for k, v in state.items()} == {
        k: v.shape for k, v in official.state.items()
    }


def test_buffers_after_a_training_step(official):
    model, *_ = backward(official, "train")
    buffers = dict(model.named_buffers())
    start = "train/buffer_after/"
    expected = {
        k.removeprefix(start): v
        for k, v in official.values.items()
        if k.startswith(start)
    }
    assert set(buffers) == set(expected)
    for name, value in expected.items():
        assert relative_error(buffers[name], value) <= 1e-12, name


def internals(model, images):
    """What the fixtures hold of the inside, read from the observed events."""
    found = {}
    with mc.no_grad(), mc.observe() as events:
        model(images)
    for event in events:
        stage, _, rest = event.path.partition(".")
        if isinstance(event, ModuleEvent):
            found |= module_values(stage, rest, event.output)
        elif event.name == "attend" and rest == "blocks.0.attn":
            attention = mc.ops.attention_map(event)
            found[f"{stage}/block0/attn_probs_sample0"] = attention[:1]
    return found


def module_values(stage, rest, output):
    if rest == "" and stage.startswith("stage"):
        token_map, cls = output
        values = {f"{stage}/map": mc.to_nchw(token_map)}
        return values if cls is None else values | {f"{stage}/cls": cls.numpy()}
    if rest == "patch_embed":
        return {f"{stage}/embed": mc.to_nchw(output)}
    names = {"blocks.0": "out", "blocks.0.attn": "attn_out"}
    names |= {f"blocks.0.attn.conv_proj_{n}": f"{n}_tokens" for n in "qkv"}
    if rest not in names:
        return {}
    tokens = output[0] if isinstance(output, tuple) else output
    return {f"{stage}/block0/{names[rest]}": tokens.numpy()}


def test_stage_maps_and_block_internals(official):
    found = internals(official.model().eval(), official.images())
    expected = {
        k.removeprefix("eval/"): v
        for k, v in official.values.items()
        if k.startswith("eval/stage")
    }
    assert set(found) == set(expected)
    for name, value in expected.items():
        assert relative_error(found[name], value) <= 1e-10, name


def test_float32_logits(official):
    model = official.model("float32").eval()
    logits = model(official.images("float32")).numpy()
    assert logits.dtype == np.float32
    assert relative_error(logits, official.values["eval/logits"]) <= 3e-6


def test_exact_gelu_is_another_model(official):
    """The fixtures hold both: what the activation alone changes is known."""
    config = official.model().config.override(activation="gelu")
    model = config.build("float64")
    model.load_state_dict(official.state)
    logits = model.eval()(official.images()).numpy()
    expected = official.values["eval/logits_exact_gelu"]
    assert relative_error(logits, expected) <= 1e-10
    assert relative_error(logits, official.values["eval/logits"]) > 1e-3
