"""Every published name and shape of every paper, produced and accepted.

tests/data/manifests: names and shapes of the official code's states, of JAX's files,
of timm's and of transformers' (on disk "hf", in memory "hf5"), as variant.layout.json.
"""

from __future__ import annotations

import pytest

import minicvt as mc
from minicvt import models
from minicvt.interop import LAYOUTS
from minicvt.interop.inference import infer
from minicvt.interop.layouts import heads_of, recognise
from tests.interop.checkpoints import DATA, hollow, manifest

PUBLISHED = sorted(path.stem for path in (DATA / "manifests").glob("*.json"))
OF_VIT = {"deit-tiny", "deit-small", "deit-base"}
"""What has the names of a ViT, and is one until the caller says otherwise."""


def expected(name):
    """Configuration of a manifest; "-21k" is from before fine-tuning."""
    config = models.variant(name.removesuffix("-21k"))
    if name.endswith("-21k"):
        return config.override(num_classes=21843, representation=config.dims[0])
    return config


@pytest.mark.parametrize("published", PUBLISHED)
def test_names_and_shapes_are_produced(published):
    name, _, layout = published.rpartition(".")
    with mc.shapes_only():
        model = expected(name).build()
    tensors = dict(model.named_parameters()) | dict(model.named_buffers())
    ours = hollow({key: value.shape for key, value in tensors.items()})
    table = LAYOUTS[model.config.paper][layout]
    theirs = table.to_theirs(ours, heads_of(model.config))
    assert {key: value.shape for key, value in theirs.items()} == manifest(published)
    assert not any(any(value.strides) for value in theirs.values())
    back = {key: value.shape for key, value in table.to_ours(theirs).items()}
    assert back == {key: value.shape for key, value in ours.items()}


@pytest.mark.parametrize("published", PUBLISHED)
def test_names_and_shapes_are_enough(published):
    """They tell the paper, the layout, and every field of the configuration."""
    name, _, layout = published.rpartition(".")
    table = recognise(manifest(published))
    paper = expected(name).paper
    assert (table.paper, table.name) == told(paper, name, layout)
    assert read(published, recognise(manifest(published), paper)) == said(name, layout)


def told(paper, name, layout):
    """Paper and layout that names alone tell."""
    if name not in OF_VIT:
        return paper, layout
    return "vit", "timm" if layout == "official" else layout


def read(published, table):
    ours = table.to_ours(hollow(manifest(published)))
    shapes = {key: value.shape for key, value in ours.items()}
    return infer(shapes, table, None, {})


def said(name, layout):
    """The variant, with what its layout implies."""
    config = expected(name)
    return config.override(**LAYOUTS[config.paper][layout].implies)


@pytest.mark.parametrize("name", sorted(OF_VIT))
def test_a_plain_deit_is_a_vit_to_those_who_do_not_know(name):
    table = recognise(manifest(f"{name}.official"))
    config = read(f"{name}.official", table)
    size = {"tiny": "ti16", "small": "s16", "base": "b16"}[name.removeprefix("deit-")]
    assert config == models.variant(f"vit-{size}", activation="gelu")


def test_a_layout_implies_an_activation_and_an_eps():
    said = {
        name: (config.activation, config.norm_eps)
        for name in ("official", "linen", "timm", "hf", "hf5")
        for config in [read(f"vit-ti16.{name}", LAYOUTS["vit"][name])]
    }
    assert said == {
        "official": ("gelu_tanh", 1e-6),
        "linen": ("gelu_tanh", 1e-6),
        "timm": ("gelu", 1e-6),
        "hf": ("gelu", 1e-12),
        "hf5": ("gelu", 1e-12),
    }
