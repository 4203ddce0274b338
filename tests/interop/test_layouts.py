"""Layouts: every name and shape that was published, produced and accepted."""

from __future__ import annotations

import numpy as np
import pytest

from minicvt import models
from minicvt.errors import CheckpointError, UnknownName
from minicvt.interop import LAYOUTS, export
from minicvt.interop.layouts import recognise, unwrap
from minicvt.interop.reading import Contents
from minicvt.interop.rebuilding import rebuild
from tests.interop.checkpoints import hollow, manifest, small

NAMES = ("cvt-13", "cvt-21", "cvt-w24")
PUBLISHED = [(name, layout) for name in NAMES for layout in ("official", "hf")]


@pytest.mark.parametrize(
    ("name", "layout"),
    [
        pytest.param(*case, marks=pytest.mark.slow if "w24" in case[0] else [])
        for case in PUBLISHED
    ],
)
def test_published_names_and_shapes_are_accepted(name, layout):
    """Bare tensors are enough to know the model: its name and its dialect."""
    tensors = hollow(manifest(f"{name}.{layout}"))
    model = rebuild("bare", Contents(tensors, {}, None), None, None, True, {})
    dialect = {"official": "microsoft", "hf": "hf"}[layout]
    assert model.config == models.variant(name, dialect=dialect)


@pytest.mark.parametrize(
    ("layout", "overrides"),
    [
        ("official", {}),
        ("hf", {}),
        ("lucidrains", {"dialect": "lucidrains", "cls": False}),
    ],
)
def test_there_and_back(layout, overrides):
    model = small(**overrides)
    theirs = export(model, layout)
    assert recognise(theirs) is LAYOUTS["cvt"][layout]
    back = LAYOUTS["cvt"][layout].to_ours(theirs)
    ours = model.state_dict()
    assert back.keys() == ours.keys()
    assert all(np.array_equal(back[k], ours[k]) for k in ours)
    assert all(back[k].shape == ours[k].shape for k in ours)


def test_keys_and_values_are_joined_by_rows():
    model = small(dialect="lucidrains", cls=False)
    joined = export(model, "lucidrains")["layers.1.2.layers.1.0.to_kv.net.2.weight"]
    attn = model.stage1.blocks[1].attn
    assert joined.shape == (32, 16, 1, 1)
    np.testing.assert_array_equal(joined[:16, :, 0, 0], attn.proj_k.weight.numpy())
    np.testing.assert_array_equal(joined[16:, :, 0, 0], attn.proj_v.weight.numpy())


@pytest.mark.parametrize("shape", [(31, 16, 1, 1), (32, 16, 3, 1), (32,)])
def test_a_joined_tensor_that_cannot_be_taken_apart(shape):
    name = "layers.1.2.layers.1.0.to_kv.net.2.weight"
    with pytest.raises(CheckpointError, match=r"to_kv\.net\.2\.weight: shape \(3"):
        LAYOUTS["cvt"]["lucidrains"].to_ours({name: np.zeros(shape)})


def test_wrappers_are_taken_off():
    names = {"module.stage0.cls_token": 1, "module.norm.weight": 2}
    assert unwrap(names) == {"stage0.cls_token": 1, "norm.weight": 2}
    bare = {"encoder.stages.0.cls_token": 1}
    assert unwrap(bare) == {"cvt.encoder.stages.0.cls_token": 1}
    assert unwrap({"norm.weight": 1}) == {"norm.weight": 1}


def test_what_a_layout_has_no_name_for():
    with pytest.raises(CheckpointError, match=r"no name for stage0\.pos_embed"):
        export(small(positions="first", image=(20, 28)), "hf")
    with pytest.raises(UnknownName, match="did you mean official"):
        export(small(), "oficial")


@pytest.mark.parametrize("names", [(), ("features.0.weight", "logits")])
def test_foreign_names_are_not_recognised(names):
    with pytest.raises(CheckpointError, match=r"none of \d tensors has a name"):
        recognise(names)
