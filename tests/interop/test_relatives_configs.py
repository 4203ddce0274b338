"""config.json of transformers' ViT, DeiT, PVT and ResNet: what is read, what not."""

from __future__ import annotations

import json

import pytest

import minicvt as mc
from minicvt.errors import CheckpointError
from tests.interop.checkpoints import images, relative, same_state
from tests.oracle import relative_error

ONE_EPS = {"pvt-tiny": {"embed_eps": 1e-6}}
"""What transformers wants of a PVT."""


def test_two_eps_become_one_and_say_so(tmp_path):
    ours = relative("pvt-tiny")
    with pytest.warns(UserWarning, match=r"one eps .* 1e-06 .* has 1e-05"):
        mc.save(ours, tmp_path, layout="hf")
    assert mc.load(tmp_path).config == ours.config
    change(tmp_path, minicvt=None)
    theirs = mc.load(tmp_path)
    assert (theirs.config.norm_eps, theirs.config.embed_eps) == (1e-6, 1e-6)
    x = images(ours, ours.config.image)
    assert 1e-9 < relative_error(theirs(x).numpy(), ours(x).numpy()) < 1e-3


def test_their_default_eps_holds_where_none_is_written(tmp_path):
    mc.save(relative("vit-b16"), tmp_path, layout="hf")
    for eps, expected in ((1e-3, 1e-3), (None, 1e-12)):
        change(tmp_path, minicvt=None, layer_norm_eps=eps)
        assert mc.load(tmp_path).config.norm_eps == expected


def change(folder, **values):
    """Change values of a config.json; None takes one out."""
    path = folder / "config.json"
    config = json.loads(path.read_text(encoding="utf-8")) | values
    config = {name: value for name, value in config.items() if value is not None}
    path.write_text(json.dumps(config), encoding="utf-8")


@pytest.mark.parametrize(
    ("name", "overrides", "message"),
    [
        ("vit-b16", {"representation": 7}, "has no name for pre_logits"),
        ("vit-b16", {"cls": False}, "cls=True only"),
        ("vit-b16", {"embed": ((7, 4, 3),)}, "in one stage of patches"),
        ("vit-b16", {"positions": "none"}, "in one stage of patches with positions"),
        ("deit-tiny", {"scale": "dim"}, "DeiT with scale='head_dim' only, not 'dim'"),
        ("pvt-tiny", {"mlp_ratios": 2.5}, "whole MLP ratios only"),
        ("pvt-tiny", {"image": (64, 96)}, r"square images.*not \(64, 96\)"),
        ("pvt-tiny", {"cls": False}, "class token in the last stage"),
        ("resnet-50", {"stem": "cifar"}, "stem='imagenet' only, not 'cifar'"),
    ],
)
def test_what_they_cannot_run_is_refused(tmp_path, name, overrides, message):
    with pytest.raises(CheckpointError, match=message):
        mc.save(relative(name, **overrides), tmp_path / "ours", layout="hf")
    assert not (tmp_path / "ours").exists()


@pytest.mark.parametrize(
    ("name", "values", "message"),
    [
        ("vit-b16", {"hidden_act": "mish"}, "one of gelu, .* found 'mish'"),
        ("vit-b16", {"patch_size": [4, 8]}, r"patch_size should be square"),
        ("vit-b16", {"num_hidden_layers": 10**9}, r"\(1000000000,\) blocks a stage"),
        ("vit-b16", {"image_size": 32}, r"position_embeddings: expected \(1, 65"),
        ("vit-b16", {"num_attention_heads": 5}, "5 heads do not divide dim 24"),
        ("vit-b16", {"hidden_size": 25}, "configuration|expected"),
        ("pvt-tiny", {"strides": [4, 2, 2]}, "configuration"),
        ("pvt-tiny", {"sequence_reduction_ratios": 8}, "should be a list, found 8"),
        ("resnet-50", {"layer_type": "basic"}, "should be bottleneck, found 'basic'"),
        ("resnet-50", {"model_type": "pvt"}, r"patch_embed.* is missing|none of"),
    ],
)
def test_a_config_that_does_not_fit(tmp_path, name, values, message):
    mc.save(relative(name, **ONE_EPS.get(name, {})), tmp_path, layout="hf")
    change(tmp_path, minicvt=None, **values)
    with pytest.raises(CheckpointError, match=message):
        mc.load(tmp_path)


def test_a_plain_deit_is_a_vit_to_them(tmp_path):
    ours = relative("deit-tiny")
    mc.save(ours, tmp_path, layout="hf")
    assert mc.load(tmp_path).config == ours.config
    change(tmp_path, minicvt=None)
    for given, paper in (({}, "vit"), ({"model": "deit-tiny"}, "deit")):
        again = mc.load(tmp_path, **given)
        assert again.config.paper == paper
        assert same_state(again, ours)


def test_dropouts_stay_behind_and_say_so(tmp_path):
    mc.save(relative("vit-b16"), tmp_path, layout="hf")
    change(tmp_path, minicvt=None, hidden_dropout_prob=0.1)
    with pytest.warns(UserWarning, match="hidden_dropout_prob is not 0"):
        assert mc.load(tmp_path).config.dropout == 0
