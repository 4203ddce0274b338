"""ViT, DeiT, PVT and ResNet against transformers' own, float64, both directions."""

from __future__ import annotations

import json
import warnings

import numpy as np
import pytest
import torch

import minicvt as mc
from minicvt.errors import CheckpointError
from minicvt.interop import LAYOUTS
from tests.interop.checkpoints import images, relative, same_state
from tests.oracle import relative_error

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import transformers

VIT = {
    "hidden_size": 24,
    "num_hidden_layers": 2,
    "num_attention_heads": 3,
    "intermediate_size": 40,
    "image_size": [16, 24],
    "patch_size": 4,
    "num_labels": 5,
}
PVT = {
    "hidden_sizes": [8, 12, 16, 24],
    "depths": [1, 1, 2, 1],
    "num_attention_heads": [1, 2, 4, 3],
    "mlp_ratios": [4, 3, 2, 2],
    "image_size": 64,
    "num_labels": 5,
}
RESNET = {
    "embedding_size": 8,
    "hidden_sizes": [16, 24, 32, 40],
    "depths": [1, 2, 1, 1],
    "num_labels": 5,
}
THEIRS = {
    "vit": ("ViTConfig", "ViTForImageClassification", VIT),
    "vit-eps": (
        "ViTConfig",
        "ViTForImageClassification",
        VIT | {"layer_norm_eps": 1e-3, "hidden_act": "gelu_pytorch_tanh"},
    ),
    "vit-no-bias": (
        "ViTConfig",
        "ViTForImageClassification",
        VIT | {"qkv_bias": False},
    ),
    "deit": ("DeiTConfig", "DeiTForImageClassification", VIT),
    "deit-teacher": ("DeiTConfig", "DeiTForImageClassificationWithTeacher", VIT),
    "pvt": ("PvtConfig", "PvtForImageClassification", PVT),
    "pvt-eps": (
        "PvtConfig",
        "PvtForImageClassification",
        PVT | {"layer_norm_eps": 1e-3},
    ),
    "resnet": ("ResNetConfig", "ResNetForImageClassification", RESNET),
    "resnet-v1": (
        "ResNetConfig",
        "ResNetForImageClassification",
        RESNET | {"downsample_in_bottleneck": True},
    ),
}
OURS = {
    "vit-b16": {},
    "deit-tiny": {},
    "deit-tiny-distilled": {},
    "pvt-tiny": {"embed_eps": 1e-6},
    "resnet-50": {},
}
"""What of our models they run as they are."""


def attention(name):
    """Return what keeps float64: the eager softmax of a ViT there is a float32 one."""
    return "sdpa" if name.startswith(("vit", "deit")) else "eager"


def their_model(which, **changes):
    """Return their model, float64, every number random; softmax in float64 too."""
    config, model, values = THEIRS[which]
    config = getattr(transformers, config)(**(values | changes))
    config._attn_implementation = attention(which)
    made = getattr(transformers, model)(config).double().eval()
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for name, value in made.state_dict().items():
            if value.dtype.is_floating_point:
                noise = torch.randn(value.shape, generator=generator, dtype=value.dtype)
                one = "norm" in name and name.endswith(("weight", "var"))
                value.copy_(one + noise.clamp(-2, 2) / (4 if value.ndim == 1 else 2.5))
    return made


def their_logits(model, x):
    with torch.no_grad():
        return model(torch.tensor(mc.to_nchw(x))).logits.numpy()


@pytest.fixture(params=THEIRS)
def folder(request, tmp_path):
    """Folder as their save_pretrained writes it, and the model it is of."""
    theirs = their_model(request.param)
    theirs.save_pretrained(tmp_path / "theirs")
    return tmp_path / "theirs", theirs


def test_their_folder_loads_and_agrees(folder):
    path, theirs = folder
    ours = mc.load(path)
    size = (48, 64) if ours.config.paper == "resnet" else ours.config.image
    x = images(ours, size)
    assert ours.dtype == np.float64
    assert relative_error(ours(x).numpy(), their_logits(theirs, x)) <= 1e-9


@pytest.mark.parametrize("which", ["vit", "deit-teacher", "pvt", "resnet"])
def test_every_gradient(which, tmp_path):
    """Under the names that they have in memory."""
    theirs = their_model(which)
    theirs.save_pretrained(tmp_path)
    ours = mc.load(tmp_path)
    x = images(ours, (48, 64) if which == "resnet" else ours.config.image)
    pixels = torch.tensor(mc.to_nchw(x), requires_grad=True)
    logits = theirs(pixels).logits
    cotangent = np.random.default_rng(4).normal(size=logits.shape)
    logits.backward(torch.tensor(cotangent))
    leaf = mc.Tensor(x, requires_grad=True)
    ours(leaf).backward(cotangent)
    assert relative_error(mc.to_nchw(leaf.grad), pixels.grad.numpy()) <= 1e-9
    layouts = LAYOUTS[ours.config.paper]
    found = layouts.get("hf5", layouts["hf"]).to_theirs(
        {name: p.grad for name, p in ours.named_parameters()}
    )
    expected = {name: p.grad.numpy() for name, p in theirs.named_parameters()}
    assert found.keys() == expected.keys()
    for name, gradient in expected.items():
        assert relative_error(found[name], gradient, floor=1e-5) <= 1e-9, name


@pytest.mark.parametrize("name", OURS)
def test_they_load_what_we_write(name, tmp_path):
    ours = relative(name, **OURS[name])
    mc.save(ours, tmp_path, layout="hf")
    described = json.loads((tmp_path / "config.json").read_text(encoding="utf-8"))
    (architecture,) = described["architectures"]
    theirs, report = getattr(transformers, architecture).from_pretrained(
        tmp_path,
        dtype=torch.float64,
        attn_implementation=attention(name),
        output_loading_info=True,
    )
    assert not any(report[kind] for kind in ("missing_keys", "unexpected_keys"))
    x = images(ours, ours.config.image)
    assert relative_error(ours(x).numpy(), their_logits(theirs.eval(), x)) <= 1e-9
    again = mc.load(tmp_path)
    assert again.config == ours.config
    assert same_state(again, ours)


def test_a_deit_whose_token_has_no_head(tmp_path):
    """Theirs is fine-tuned so: the token is there, the class token alone is read."""
    ours = relative("deit-tiny-distilled", dist_head=False)
    mc.save(ours, tmp_path, layout="hf")
    theirs = transformers.DeiTForImageClassification.from_pretrained(
        tmp_path, dtype=torch.float64, attn_implementation="sdpa"
    )
    x = images(ours, ours.config.image)
    assert relative_error(ours(x).numpy(), their_logits(theirs.eval(), x)) <= 1e-9


def test_a_transformer_without_its_head(tmp_path):
    """One line says what is missing, not that nothing is known."""
    their_model("vit").vit.save_pretrained(tmp_path)
    with pytest.raises(CheckpointError, match=r"2 missing \(classifier\.weight"):
        mc.load(tmp_path)
