"""The relatives in files: our own, the official code's, JAX's .npz."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import minicvt as mc
from minicvt import models
from minicvt.errors import CheckpointError, UnknownName
from minicvt.files import read_tensors
from minicvt.interop import LAYOUTS, export
from tests.interop.checkpoints import (
    RELATIVES,
    images,
    relative,
    same_state,
    small,
    write_bare,
)
from tests.models.relatives import VARIANTS, fixture
from tests.oracle import relative_error

IN_FILES = [
    (name, layout)
    for name in RELATIVES
    for layout in LAYOUTS[models.variant(name).paper]
    if layout != "hf"
]
MIXED = (
    ("deit-tiny", {"stem": "cmt", "embed": ((2, 2, 0),)}),
    ("vit-b16", {"projection": "dw_bn"}),
    ("pvt-tiny", {"ffn": "irffn", "local": True}),
    ("t2t-7", {"ffn": "leff"}),
    (
        "cmt-ti",
        {"projection": "sr", "stem": "none", "embed": ((4, 4, 0), *((2, 2, 0),) * 3)},
    ),
    ("ceit-tiny", {"stem": "none", "embed": ((16, 16, 0),), "in_chans": 2}),
)


# What is saved comes back.


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("name", "layout"), IN_FILES)
def test_what_is_saved_comes_back(tmp_path, name, layout, dtype):
    model = relative(name, dtype)
    mc.save(model, tmp_path / "model", layout=layout)
    assert read_tensors(tmp_path / "model")[0].keys() == export(model, layout).keys()
    again = mc.load(tmp_path / "model")
    assert again.config == model.config
    assert same_state(again, model)


@pytest.mark.parametrize(("name", "overrides"), MIXED)
def test_mixed_parts_keep_our_names(tmp_path, name, overrides):
    model = relative(name, **overrides)
    mc.save(model, tmp_path / "model")
    again = mc.load(tmp_path / "model")
    assert again.config == model.config
    assert same_state(again, model)
    x = images(model, model.config.image)
    assert np.array_equal(again(x).numpy(), model(x).numpy())


def test_a_cvt_with_another_feed_forward(tmp_path):
    model = small(ffn="irffn")
    mc.save(model, tmp_path / "model")
    assert same_state(mc.load(tmp_path / "model"), model)


def test_a_layout_of_another_paper():
    with pytest.raises(UnknownName, match="layout of vit 'lucidrains'"):
        export(relative("vit-b16"), "lucidrains")
    with pytest.raises(UnknownName, match="layout of cmt 'hf'"):
        export(relative("cmt-ti"), "hf")


def test_parts_of_other_papers_have_no_name_elsewhere():
    with pytest.raises(CheckpointError, match=r"'timm' has no name for stem\.conv1"):
        export(relative("vit-b16", stem="cmt", embed=((2, 2, 0),)), "timm")


# States of the official code, bare: what they tell, and what they do not.


TOLD = {
    "vit_jax_a": {},
    "vit_jax_b_gap_repr": {"image": (32, 32)},
    "cmt_a": {},
    "pvt_a": {"heads": (1, 2, 4, 3)},
}
"""What a caller has to say; for the others it is that three heads are 8 wide."""


@pytest.mark.parametrize("name", VARIANTS)
def test_an_official_state_runs(tmp_path, name):
    """Paper, layout and sizes are recognised; logits are the official code's."""
    theirs = fixture(name)
    path = write_official(tmp_path, theirs)
    model = mc.load(path, **TOLD.get(name, {"heads": (3,)}))
    found = model(theirs.images()).numpy()
    assert relative_error(found, theirs.values["eval/logits"]) <= 1e-10


def write_official(folder, theirs):
    state = theirs.under("sd/")
    if theirs.layout.paper == "vit" and theirs.layout.name == "official":
        np.savez(folder / "checkpoint.npz", **state)
        return folder / "checkpoint.npz"
    return write_bare(folder / "bare.safetensors", state)


@pytest.mark.parametrize("layout", ["official", "hf"])
@pytest.mark.parametrize("stem", ["imagenet", "cifar"])
def test_a_bare_resnet_needs_no_help(tmp_path, layout, stem):
    model = relative("resnet-50", stem=stem)
    again = mc.load(write_bare(tmp_path / "bare", export(model, layout)))
    assert again.config == model.config.override(name="resnet", image=(224, 224))
    assert same_state(again, model)


@pytest.mark.parametrize(
    ("name", "given", "message"),
    [
        ("vit_timm_a", {}, r"heads=\(\.\.\.\), or model="),
        ("deit_a", {"heads": (5,)}, "5 heads do not divide dim 24"),
        ("pvt_a", {"model": "pvt-tiny", "heads": (1, 2, 4)}, "heads has 3 entries"),
        ("ceit_a", {"heads": (3,), "model": "vit-b16"}, "state does not fit|missing"),
        ("vit_timm_a", {"model": "resnet-50"}, r"none of .*layout \(resnet: official"),
    ],
)
def test_what_is_left_open_is_asked(tmp_path, name, given, message):
    path = write_official(tmp_path, fixture(name))
    with pytest.raises(CheckpointError, match=message):
        mc.load(path, **given)


def test_positions_of_no_square_image(tmp_path):
    model = relative("deit-tiny")
    path = write_bare(tmp_path / "bare", export(model))
    with pytest.raises(CheckpointError, match=r"24 places, .* give image=\(height"):
        mc.load(path, model="deit-tiny", heads=(3,))
    again = mc.load(path, model="deit-tiny", heads=(3,), image=(16, 24))
    assert same_state(again, model)


def test_a_variant_that_is_named_decides_the_paper(tmp_path):
    model = relative("deit-tiny", image=(16, 16))
    path = write_bare(tmp_path / "bare", export(model))
    assert mc.load(path, heads=(3,)).config.paper == "vit"
    again = mc.load(path, model="deit-tiny", heads=(3,))
    assert (again.config.paper, again.config.name) == ("deit", "deit-tiny")


def test_a_pickle_of_the_official_kind(tmp_path):
    model = relative("pvt-tiny", "float32")
    state = {name: torch.tensor(value) for name, value in export(model).items()}
    torch.save({"model": state}, tmp_path / "pvt.pth")
    again = mc.load(tmp_path / "pvt.pth", heads=(1, 2, 4, 3))
    assert same_state(again, model)


# JAX's .npz.


@pytest.mark.parametrize("layout", ["official", "linen"])
def test_an_npz_there_and_back(tmp_path, layout):
    model = relative("vit-b16", "float32", image=(16, 16), representation=7)
    mc.save(model, tmp_path / "vit.npz", layout=layout)
    with np.load(tmp_path / "vit.npz") as arrays:
        assert set(arrays.files) == export(model, layout).keys()
        assert arrays["Transformer/posembed_input/pos_embedding"].shape == (1, 17, 24)
    again = mc.load(tmp_path / "vit.npz")
    assert same_state(again, model)
    x = images(model, (16, 16))
    assert np.array_equal(again(x).numpy(), model(x).numpy())


def test_an_npz_says_what_it_cannot_hold(tmp_path):
    odd = relative("vit-b16", activation="relu", image=(16, 16))
    with pytest.warns(UserWarning, match="to load this one, give activation='relu'$"):
        mc.save(odd, tmp_path / "vit.npz")
    assert same_state(mc.load(tmp_path / "vit.npz", activation="relu"), odd)
    with pytest.warns(UserWarning, match="no configuration: .* give image="):
        mc.save(relative("vit-b16"), tmp_path / "vit.npz")


def test_an_npz_is_whole_or_not_there(tmp_path, monkeypatch):
    mc.save(relative("vit-b16", image=(16, 16)), tmp_path / "vit.npz")
    before = (tmp_path / "vit.npz").read_bytes()

    def fail(*_):
        raise OSError("disk full")

    monkeypatch.setattr("os.replace", fail)
    with pytest.raises(OSError, match="disk full"):
        mc.save(relative("vit-b16", image=(20, 20)), tmp_path / "vit.npz")
    assert (tmp_path / "vit.npz").read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["vit.npz"]


def test_an_npz_of_python_objects(tmp_path):
    np.savez(tmp_path / "x.npz", cls=np.array([{"a": 1}], dtype=object))
    with pytest.raises(CheckpointError, match=r"x\.npz: expected an \.npz of arrays"):
        mc.load(tmp_path / "x.npz")


def test_an_npz_that_is_a_torch_pickle(tmp_path):
    torch.save({"model": torch.ones(2)}, tmp_path / "x.npz")
    with pytest.raises(CheckpointError, match=r"none of 1 .* found model"):
        mc.load(tmp_path / "x.npz")
