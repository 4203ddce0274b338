"""mc.save and mc.load: what comes back, what is asked for, what is refused."""

from __future__ import annotations

import numpy as np
import pytest
from safetensors.numpy import save_file

import minicvt as mc
from minicvt import models
from minicvt.errors import CheckpointError
from minicvt.files import read_tensors, write_tensors
from tests.interop.checkpoints import SMALL, images, same_state, small, write_bare

TOLD = {"heads": (1, 2)}
"""What the shapes of ``small()`` do not tell."""


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    ("layout", "overrides"),
    [
        ("official", {}),
        ("official", {"positions": "every", "image": (21, 30)}),
        ("official", {"projection": ("avg", "linear")}),
        ("official", {"shared": "qkv", "activation": "silu"}),
        ("lucidrains", {"dialect": "lucidrains", "cls": False}),
        ("hf", {"dialect": "hf"}),
    ],
)
def test_what_is_saved_comes_back(tmp_path, layout, overrides, dtype):
    model = small(dtype=dtype, **overrides)
    mc.save(model, tmp_path / "model", layout=layout)
    again = mc.load(tmp_path / "model")
    assert again.config == model.config
    assert same_state(again, model)
    assert not any(module.training for _, module in again.named_modules())
    x = images(model)
    assert np.array_equal(again(x).numpy(), model(x).numpy())


def test_a_model_that_came_back_can_be_trained(tmp_path):
    mc.save(small(), tmp_path / "model")
    again = mc.load(tmp_path / "model").train()
    loss = mc.ops.cross_entropy(again(images(again)), [1, 4])
    loss.backward()
    mc.train.AdamW(again.named_parameters(), lr=0.1).step()
    assert mc.ops.cross_entropy(again(images(again)), [1, 4]).item() < loss.item()


def test_all_names_of_our_file_are_the_official_ones(tmp_path):
    mc.save(small(), tmp_path / "model")
    assert read_tensors(tmp_path / "model")[0].keys() == small().state_dict().keys()


def test_fields_and_dtype_may_be_given(tmp_path):
    mc.save(small(), tmp_path / "model")
    given = {"activation": "relu", "drop_path": 0.2}
    again = mc.load(tmp_path / "model", dtype="float64", **given)
    assert again.dtype == np.float64
    assert (again.config.activation, again.config.drop_path) == ("relu", (0.2, 0.2))


def test_half_precision_is_widened(tmp_path):
    state = {
        k: v.astype(np.float16) if v.dtype.kind == "f" else v
        for k, v in small().state_dict().items()
    }
    again = mc.load(write_bare(tmp_path / "half.safetensors", state), **TOLD)
    assert again.dtype == np.float32
    assert all(np.array_equal(v, state[k]) for k, v in again.state_dict().items())


# Bare states: what shapes tell, what a variant of the same size adds, what is asked.


@pytest.mark.parametrize("name", ["cvt-c8w", "cvt-rgb32"])
def test_a_variant_is_known_by_its_size(tmp_path, name):
    model = models.build(name, seed=4)
    path = write_bare(tmp_path / "bare.safetensors", model.state_dict())
    again = mc.load(path)
    assert again.config == model.config
    assert same_state(again, model)


@pytest.mark.parametrize(
    ("overrides", "untold"),
    [
        ({}, ()),
        ({"mlp_ratios": (2.3, 1.1)}, ()),
        ({"shared": "kv"}, ()),
        ({"projection": ("dw_bn", "dense")}, ()),
        ({"embed": ((4, 4, 0), (2, 2, 0))}, ()),
        ({"in_chans": 2, "num_classes": 3}, ()),
        ({"positions": "last", "image": (21, 30)}, ("image",)),
        ({"qkv_bias": False}, ("qkv_bias",)),
        ({"cls": False}, ("cls",)),
        ({"projection": ("linear", "avg")}, ("projection",)),
    ],
)
def test_what_shapes_tell(tmp_path, overrides, untold):
    model = small(**overrides)
    path = write_bare(tmp_path / "bare.safetensors", model.state_dict())
    given = {name: overrides[name] for name in untold}
    again = mc.load(path, **TOLD, **given)
    x = images(model)
    assert np.array_equal(again(x).numpy(), model(x).numpy())


def test_heads_are_64_wide_unless_said(tmp_path):
    sizes = {"dims": (64, 128), "heads": (1, 2), "drop_path": 0.0}
    model = small(**sizes)
    again = mc.load(write_bare(tmp_path / "bare.safetensors", model.state_dict()))
    assert again.config.heads == (1, 2)
    assert again.config.name == "cvt"


@pytest.mark.parametrize(
    ("overrides", "given", "message"),
    [
        ({}, {}, r"heads=\(\.\.\.\), or model="),
        ({"embed": ((5, 4, 2), (3, 2, 1))}, TOLD, r"kernels \(5, 3\) have no usual"),
        ({"projection": ("dw_bn", "avg")}, TOLD, 'stage 1 .* give projection="avg"'),
        ({"cls": False}, TOLD, r"1 missing \(stage1\.cls_token\)"),
        ({"final_norm": False}, TOLD, r"2 missing \(norm\.weight, norm\.bias\)"),
        ({}, {"heads": (1, 3)}, "3 heads do not divide dim 16"),
        ({}, TOLD | {"haeds": 1}, "did you mean heads"),
    ],
)
def test_what_shapes_leave_open_is_asked(tmp_path, overrides, given, message):
    path = write_bare(tmp_path / "b.safetensors", small(**overrides).state_dict())
    with pytest.raises(CheckpointError, match=message):
        mc.load(path, **given)


def test_a_named_variant_answers(tmp_path):
    model = models.build("cvt-c8w", dims=(16, 32), heads=(1, 4), seed=1)
    path = write_bare(tmp_path / "bare.safetensors", model.state_dict())
    again = mc.load(path, model="cvt-c8w", heads=(1, 4))
    assert again.config == model.config
    assert same_state(again, model)


# What does not fit, said in a line and a table.


def test_what_does_not_fit_is_a_line_and_a_table(tmp_path):
    state = small().state_dict()
    state["stage1.cls_tokens"] = state.pop("stage1.cls_token")
    state["head.bias"] = state["head.bias"][:3]
    path = tmp_path / "model"
    mc.save(small(), path)
    write_tensors(path, state, read_tensors(path)[1])
    with pytest.raises(CheckpointError) as caught:
        mc.load(path)
    line, header, _, *rows = str(caught.value).splitlines()
    assert line.startswith(f"{path}: state does not fit the model: 1 mis-shaped (head")
    assert "1 missing (stage1.cls_token, near stage1.cls_tokens)" in line
    assert header.split() == ["problem", "tensor", "expected", "found", "nearest"]
    assert [row.split()[:2] for row in rows] == [
        ["mis-shaped", "head.bias"],
        ["missing", "stage1.cls_token"],
        ["unexpected", "stage1.cls_tokens"],
    ]
    assert rows[1].endswith("stage1.cls_tokens")


def test_a_long_table_is_cut(tmp_path):
    extra = {f"stage0.extra.{i}": np.ones(2, np.float32) for i in range(40)}
    path = write_bare(tmp_path / "bare", small().state_dict() | extra)
    with pytest.raises(CheckpointError, match=r"40 unexpected .*37 more") as caught:
        mc.load(path, **TOLD)
    assert str(caught.value).endswith("and 30 more")


def test_weights_that_are_not_finite_are_reported(tmp_path):
    state = small().state_dict()
    state["head.weight"][1, :3] = np.nan
    state["norm.bias"][2] = -np.inf
    path = write_bare(tmp_path / "bare", state)
    with pytest.raises(CheckpointError, match="3 NaN and 1 infinite in 2") as caught:
        mc.load(path, **TOLD)
    assert "head.weight" in str(caught.value)
    again = mc.load(path, **TOLD, check_finite=False)
    assert np.isnan(again.head.weight.numpy()).sum() == 3


@pytest.mark.parametrize(
    ("name", "dtype", "message"),
    [
        ("head.weight", np.int32, r"head\.weight should be float32, found int32"),
        ("head.weight", np.float64, "one floating dtype, found float32, float64"),
        (
            "stage0.blocks.0.attn.conv_proj_q.bn.num_batches_tracked",
            np.float32,
            "should be int64, found float32",
        ),
    ],
)
def test_dtypes_that_do_not_fit(tmp_path, name, dtype, message):
    state = small().state_dict()
    state[name] = state[name].astype(dtype)
    with pytest.raises(CheckpointError, match=message):
        mc.load(write_bare(tmp_path / "bare", state), **TOLD)


def test_files_of_other_models(tmp_path):
    save_file({"features.0.weight": np.ones((3, 4))}, tmp_path / "vgg")
    with pytest.raises(CheckpointError, match=r"none of 1 .* found features"):
        mc.load(tmp_path / "vgg")
    save_file({"head.weight": np.ones((3, 4))}, tmp_path / "head")
    with pytest.raises(CheckpointError, match=r"patch_embed\.proj\.weight is missing"):
        mc.load(tmp_path / "head", **TOLD)


@pytest.mark.parametrize("content", ["", "{", "[1]", "\x00", '{"a": ' * 3000])
def test_a_damaged_config(tmp_path, content):
    mc.save(small(dialect="hf"), tmp_path / "m", layout="hf")
    (tmp_path / "m" / "config.json").write_text(content, encoding="utf-8")
    with pytest.raises(CheckpointError, match=r"config\.json: expected"):
        mc.load(tmp_path / "m")


def test_a_folder_without_weights(tmp_path):
    with pytest.raises(CheckpointError, match=r"expected config\.json and model\.safe"):
        mc.load(tmp_path)


def test_the_small_model_is_what_it_says():
    assert small().config == models.variant("cvt-13", **SMALL)
