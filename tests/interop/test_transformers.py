"""The dialect "hf" against transformers' own CvtForImageClassification, float64."""

from __future__ import annotations

import json
import warnings

import numpy as np
import pytest
import torch

import minicvt as mc
from minicvt import models
from minicvt.errors import CheckpointError
from minicvt.interop import LAYOUTS, export
from tests.interop.checkpoints import images, same_state, small
from tests.oracle import relative_error

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from transformers import CvtConfig, CvtForImageClassification

SMALL = {
    "embed_dim": [8, 16, 24],
    "num_heads": [1, 2, 3],
    "depth": [1, 2, 3],  # a stage i needs more than i blocks there
    "mlp_ratio": [2.0, 3.0, 1.5],
    "num_labels": 5,
    "drop_path_rate": [0.0, 0.0, 0.0],
}


def randomized(config):
    """Return their model, in float64, whose every number is random."""
    model = CvtForImageClassification(config).double().eval()
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for name, value in model.state_dict().items():
            if not value.dtype.is_floating_point:
                continue
            noise = torch.randn(value.shape, generator=generator, dtype=value.dtype)
            if value.ndim == 1:
                value.copy_(1 + noise.clamp(-2, 2) / 4 if "var" in name else noise / 2)
            else:
                value.mul_(3)
    return model


@pytest.fixture
def folder(tmp_path):
    """Folder as their save_pretrained writes it, and the model it is of."""
    theirs = randomized(CvtConfig(**SMALL))
    theirs.save_pretrained(tmp_path / "theirs")
    return tmp_path / "theirs", theirs


def answers(model, x):
    """Logits and gradients of their model, for images channels last."""
    pixels = torch.tensor(mc.to_nchw(x), requires_grad=True)
    logits = model(pixels).logits
    cotangent = np.random.default_rng(4).normal(size=logits.shape)
    logits.backward(torch.tensor(cotangent))
    gradients = {name: p.grad.numpy() for name, p in model.named_parameters()}
    return logits.detach().numpy(), gradients | {"x": pixels.grad.numpy()}, cotangent


@pytest.mark.parametrize("mode", ["eval", "train"])
def test_logits_and_every_gradient(folder, mode):
    path, theirs = folder
    ours = mc.load(path).train(mode == "train")
    x = images(ours, (45, 62))
    logits, gradients, cotangent = answers(theirs.train(mode == "train"), x)
    leaf = mc.Tensor(x, requires_grad=True)
    found = ours(leaf)
    found.backward(cotangent)
    assert relative_error(found.numpy(), logits) <= 1e-10
    renamed = LAYOUTS["cvt"]["hf"].to_theirs(
        {k: p.grad for k, p in ours.named_parameters()}
    )
    renamed["x"] = mc.to_nchw(leaf.grad)
    assert renamed.keys() == gradients.keys()
    for name, gradient in gradients.items():
        assert relative_error(renamed[name], gradient, floor=1e-6) <= 1e-9, name


def test_cvt_13_at_224():
    """Ours as they ship it agrees; ours as Microsoft's code does not."""
    theirs = randomized(CvtConfig(num_labels=1000))
    state = {k: v.numpy() for k, v in theirs.state_dict().items()}
    ours = models.build("cvt-13", dialect="hf", dtype="float64").eval()
    ours.load_state_dict(LAYOUTS["cvt"]["hf"].to_ours(state))
    x = np.random.default_rng(5).normal(size=(1, 224, 224, 3))
    with torch.no_grad():
        logits = theirs(torch.tensor(mc.to_nchw(x))).logits.numpy()
    assert relative_error(ours(x).numpy(), logits) <= 1e-10
    official = ours.config.override(dialect="microsoft").build("float64").eval()
    official.load_state_dict(ours.state_dict())
    assert relative_error(official(x).numpy(), logits) > 1e-3


def test_they_load_what_we_write(tmp_path):
    ours = small(dialect="hf", dtype="float64")
    mc.save(ours, tmp_path / "ours", layout="hf")
    theirs, report = CvtForImageClassification.from_pretrained(
        tmp_path / "ours", dtype=torch.float64, output_loading_info=True
    )
    assert not any(report[kind] for kind in ("missing_keys", "unexpected_keys"))
    x = images(ours)
    with torch.no_grad():
        logits = theirs.eval()(torch.tensor(mc.to_nchw(x))).logits.numpy()
    assert relative_error(ours(x).numpy(), logits) <= 1e-10


def test_what_we_write_comes_back(tmp_path):
    ours = small(dialect="hf", image=(32, 48))
    mc.save(ours, tmp_path / "ours", layout="hf")
    again = mc.load(tmp_path / "ours")
    assert again.config == ours.config
    assert same_state(again, ours)


@pytest.mark.filterwarnings("ignore:transformers runs every CvT")
def test_what_became_of_ours_with_them_comes_back(tmp_path):
    """A new head, and their activation: our description of it no longer holds."""
    mc.save(small(dtype="float64"), tmp_path / "ours", layout="hf")
    theirs = CvtForImageClassification.from_pretrained(
        tmp_path / "ours", num_labels=3, ignore_mismatched_sizes=True
    )
    theirs.save_pretrained(tmp_path / "theirs")
    again = mc.load(tmp_path / "theirs")
    assert (again.config.dialect, again.config.num_classes) == ("hf", 3)
    x = images(again)
    with torch.no_grad():
        logits = theirs.eval()(torch.tensor(mc.to_nchw(x))).logits.numpy()
    assert relative_error(again(x).numpy(), logits) <= 1e-10


def test_what_they_write_comes_back_to_them(folder, tmp_path):
    path, theirs = folder
    mc.save(mc.load(path), tmp_path / "ours", layout="hf")
    again = CvtForImageClassification.from_pretrained(
        tmp_path / "ours", dtype=torch.float64
    )
    state = theirs.state_dict()
    assert all(torch.equal(state[k], v) for k, v in again.state_dict().items())
    kept = ("embed_dim", "depth", "num_heads", "mlp_ratio", "cls_token", "stride_kv")
    for name in kept:
        assert list(getattr(again.config, name)) == list(getattr(theirs.config, name))


def test_their_folder_in_another_dialect(folder):
    path, _ = folder
    ours, official = mc.load(path), mc.load(path, dialect="microsoft")
    assert (ours.config.dialect, ours.config.activation) == ("hf", "gelu")
    assert official.config.activation == "quick_gelu"
    assert same_state(ours, official)
    x = images(ours)
    assert relative_error(official(x).numpy(), ours(x).numpy()) > 1e-4


def test_a_folder_of_ours_says_that_they_run_another_activation(tmp_path):
    with pytest.warns(UserWarning, match="exact GELU.*'quick_gelu'"):
        mc.save(small(), tmp_path, layout="hf")
    assert mc.load(tmp_path).config.activation == "quick_gelu"


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        ({"scale": "head_dim"}, "scale='dim' only, not 'head_dim'"),
        ({"projection": "avg"}, "projection='dw_bn' only"),
        ({"final_norm": False}, "has no name|final_norm=True only"),
        ({"cls": True}, "class token in the last stage only"),
        ({"depths": (1, 1), "drop_path_rule": "none"}, "more than i blocks in stage i"),
    ],
)
def test_what_they_cannot_run_is_refused(tmp_path, overrides, message):
    model = small(**({"dialect": "hf", "drop_path_rule": "none"} | overrides))
    with pytest.raises(CheckpointError, match=message):
        mc.save(model, tmp_path / "ours", layout="hf")
    assert not (tmp_path / "ours").exists()


def test_a_model_that_drops_no_path_says_so(tmp_path):
    """Else transformers would drop paths where ours does not, and train another way."""
    mc.save(small(dialect="hf", drop_path_rule="none", drop_path=0.2), tmp_path, "hf")
    config = json.loads((tmp_path / "config.json").read_text(encoding="utf-8"))
    assert set(config["drop_path_rate"]) == {0.0}


def change(folder, **values):
    path = folder / "config.json"
    config = json.loads(path.read_text(encoding="utf-8")) | values
    path.write_text(json.dumps(config), encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"model_type": "swin"}, "model_type should be one of cvt, .* found 'swin'"),
        ({"model_type": "vit"}, r"patch_embed\.proj\.weight is missing"),
        ({"kernel_qkv": [3, 5, 3]}, r"kernel_qkv should be 3, found \[3, 5, 3\]"),
        ({"depth": [1, 2, 10**9]}, r"\(1, 2, 1000000000\) blocks a stage, the weights"),
        ({"depth": 3}, "depth should be a list, found 3"),
        ({"embed_dim": [8, 16, 32]}, "32"),
        ({"num_heads": [1, 2, 5]}, "5 heads do not divide dim 24"),
        ({"num_heads": ["a", 2, 3]}, "configuration"),
        ({"stride_kv": [0, 2, 2]}, "configuration"),
        ({"patch_stride": [4, 2]}, "configuration"),
        ({"id2label": {"0": "cat"}}, r"classifier\.weight: expected \(1, 24\)"),
    ],
)
def test_a_config_that_does_not_fit(folder, values, message):
    with pytest.raises(CheckpointError, match=message):
        mc.load(change(folder[0], **values))


def test_a_damaged_description_of_ours(tmp_path):
    mc.save(small(dialect="hf"), tmp_path, layout="hf")
    with pytest.raises(CheckpointError, match=r"should be a table, found \[1, 2\]"):
        mc.load(change(tmp_path, minicvt=[1, 2]))


def test_dropouts_stay_behind_and_say_so(folder):
    with pytest.warns(UserWarning, match="drop_rate"):
        model = mc.load(change(folder[0], drop_rate=[0.0, 0.0, 0.1]))
    assert model.config.dropout == 0


def test_a_model_without_its_head(folder, tmp_path):
    _, theirs = folder
    theirs.cvt.save_pretrained(tmp_path / "headless")
    with pytest.raises(CheckpointError, match=r"4 missing \(layernorm\.weight"):
        mc.load(tmp_path / "headless")


def test_gradients_have_their_names():
    model = small(dialect="hf")
    assert (
        export(model, "hf").keys()
        >= LAYOUTS["cvt"]["hf"]
        .to_theirs(dict.fromkeys(dict(model.named_parameters()), np.zeros((1, 1))))
        .keys()
    )
