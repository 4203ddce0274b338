"""PyTorch's models beside ours: hooks, names, and what transformers has otherwise."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import minicvt as mc
from minicvt.interop.layouts import layout_named
from minicvt.models import build
from minicvt.verify import compare
from minicvt.verify.microscope.foreign import record_torch
from minicvt.verify.microscope.gradients import IMAGES
from minicvt.verify.microscope.names import Names
from tests.interop.checkpoints import images
from tests.interop.test_transformers_relatives import their_model

SIZES = {"resnet": (48, 64), "resnet-v1": (48, 64)}


def pair(which, tmp_path):
    """Return ours with the weights of theirs, theirs, and images."""
    theirs = their_model(which)
    theirs.save_pretrained(tmp_path)
    ours = mc.load(tmp_path)
    return ours, theirs, images(ours, SIZES.get(which, ours.config.image))


def changed(ours, **fields):
    other = ours.config.override(**fields).build("float64").eval()
    other.load_state_dict(ours.state_dict())
    return other


@pytest.mark.parametrize("which", ["vit", "deit-teacher", "pvt", "resnet"])
def test_models_that_are_the_same_have_no_difference(which, tmp_path):
    made = compare(*pair(which, tmp_path))
    assert made.agree, str(made)
    assert made.results > 15
    assert made.gradients > 40


@pytest.mark.parametrize(
    ("which", "official", "cause"),
    [
        ("vit", {"norm_eps": 1e-6}, "LayerNorm's eps is 1e-12"),
        ("deit-teacher", {"norm_eps": 1e-6}, "LayerNorm's eps is 1e-12"),
        ("pvt", {"embed_eps": 1e-5}, "LayerNorm's eps is 1e-06"),
    ],
)
def test_what_transformers_has_otherwise_is_named(which, official, cause, tmp_path):
    """Its ViT and DeiT have another eps, its PVT one eps for all norms."""
    ours, theirs, x = pair(which, tmp_path)
    made = compare(changed(ours, **official), theirs, x)
    assert (made.causes, made.explained) == ([cause], True)


def test_the_two_versions_of_resnet_are_told_apart(tmp_path):
    """v1 has the stride in the first convolution, v1.5 in the second."""
    ours, theirs, x = pair("resnet-v1", tmp_path)
    made = compare(changed(ours, stride_in="conv2"), theirs, x)
    assert made.first.place.path == "layer2.0.conv1"
    assert (made.causes, made.explained) == (
        ["the stride is in the other convolution"],
        True,
    )


def test_their_model_stays_as_it_is(tmp_path):
    ours, theirs, x = pair("vit", tmp_path)
    compare(ours, theirs, x)
    assert all(p.grad is None for p in theirs.parameters())
    assert not any(module._forward_hooks for module in theirs.modules())


def test_without_known_names_the_answer_is_left(tmp_path):
    ours, theirs, x = pair("vit", tmp_path)

    class Wrapped(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.anything = theirs

        def forward(self, pixels):
            return {"logits": self.anything(pixels).logits}

    made = record_torch(Wrapped(), ours, x)
    assert set(made.points) == {""}
    assert set(made.gradients) == {IMAGES}
    assert compare(ours, Wrapped(), x).agree
    found = compare(changed(ours, activation="relu"), Wrapped(), x)
    assert found.causes == ["the activation is exact GELU, x Phi(x)"]


def test_one_module_of_theirs_may_be_several_of_ours():
    vit = build("vit-digits16")
    names = Names.of(layout_named("vit", "timm").to_theirs(vit.state_dict(), 4), "vit")
    ours = tuple(f"stage0.blocks.1.attn.proj_{x}" for x in "qkv")
    assert names.modules["blocks.1.attn.qkv"] == ours
    assert names.modules["blocks.1.mlp.fc1"] == ("stage0.blocks.1.mlp.fc1",)
    assert "blocks.1" not in names.modules


def test_fused_rows_are_cut_by_channels():
    torch.manual_seed(0)
    vit = build("vit-digits16", dtype="float64")
    state = layout_named("vit", "timm").to_theirs(vit.state_dict(), 4)

    class Attention(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.qkv = torch.nn.Linear(40, 120).double()

        def forward(self, pixels):
            return self.qkv(pixels.mean() + torch.rand(2, 17, 40).double())

    class Block(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.attn = Attention()

        def forward(self, pixels):
            return self.attn(pixels)

    class Fused(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.blocks = torch.nn.ModuleList([Block()])

        def forward(self, pixels):
            return self.blocks[0](pixels)

    assert "blocks.0.attn.qkv.weight" in state
    made = record_torch(Fused(), vit, np.ones((2, 16, 16, 1)))
    parts = [made.points[f"stage0.blocks.0.attn.proj_{x}"] for x in "qkv"]
    assert np.array_equal(np.concatenate(parts, axis=-1), made.points[""])


def test_names_nobody_knows_are_no_layout():
    assert Names.of({"a.weight": np.zeros(2), "b": np.zeros(3)}, "cvt").layout is None
    few = {"head.weight": np.zeros(2)} | {f"x{i}": np.zeros(1) for i in range(9)}
    assert Names.of(few, "cvt").layout is None
