"""The dialect and layout "lucidrains" against vit-pytorch's own code, as a file.

tests/data/lucidrains/tiny.safetensors: vit-pytorch 1.26.11, float64, evaluation mode,
random parameters and statistics, the gradients of sum(logits * cotangent).
"""

from __future__ import annotations

import numpy as np
import pytest
from safetensors.numpy import load_file

import minicvt as mc
from minicvt.interop import LAYOUTS
from tests.interop.checkpoints import DATA, write_bare
from tests.oracle import relative_error

SIZES = {"heads": (1, 2, 3), "dtype": "float64"}


def starting(tensors, start):
    return {k.removeprefix(start): v for k, v in tensors.items() if k.startswith(start)}


@pytest.fixture(scope="module")
def theirs():
    return load_file(DATA / "lucidrains" / "tiny.safetensors")


@pytest.fixture
def model(theirs, tmp_path):
    path = write_bare(tmp_path / "bare.safetensors", starting(theirs, "state/"))
    return mc.load(path, **SIZES)


def test_the_dialect_is_told_by_the_layout(model):
    assert model.config.dialect == "lucidrains"
    assert model.config.embed == ((7, 4, 3), (3, 2, 1), (3, 2, 1))
    assert model.config.mlp_ratios == (2.0, 2.0, 2.0)


def test_logits_and_every_gradient(model, theirs):
    x = mc.from_nchw(theirs["x"].astype(np.float64))
    images = mc.Tensor(x, requires_grad=True)
    logits = model(images)
    logits.backward(theirs["cotangent"])
    assert relative_error(logits.numpy(), theirs["logits"]) <= 1e-12
    ours = LAYOUTS["cvt"]["lucidrains"].to_theirs(
        {name: p.grad for name, p in model.named_parameters()}
    )
    expected = starting(theirs, "grad/")
    ours["x"] = mc.to_nchw(images.grad)
    assert ours.keys() == expected.keys()
    for name, gradient in expected.items():
        assert relative_error(ours[name], gradient, floor=1e-6) <= 1e-9, name


def test_another_dialect_is_another_model(model, theirs, tmp_path):
    path = write_bare(tmp_path / "bare.safetensors", starting(theirs, "state/"))
    x = mc.from_nchw(theirs["x"].astype(np.float64))
    for change in ({"scale": "dim"}, {"activation": "quick_gelu"}):
        other = mc.load(path, **SIZES, **change)
        assert relative_error(other(x).numpy(), theirs["logits"]) > 1e-4
