"""Names of the hub, without a network: the cache, and what is said without it."""

from __future__ import annotations

import sys

import pytest
import torch
from huggingface_hub import constants

import minicvt as mc
from minicvt.errors import CheckpointError, MissingPackage
from minicvt.files import read_tensors
from minicvt.interop import locate
from tests.interop.checkpoints import same_state, small

REVISION = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """An empty cache of huggingface_hub, and no network."""
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    return tmp_path


def fill(cache, name):
    """Put a model where huggingface_hub would have."""
    folder = cache / f"models--{name.replace('/', '--')}"
    (folder / "refs").mkdir(parents=True)
    (folder / "refs" / "main").write_text(REVISION, encoding="utf-8")
    mc.save(small(dialect="hf"), folder / "snapshots" / REVISION, layout="hf")


def test_a_cached_name_loads_offline(cache):
    fill(cache, "somebody/cvt-small")
    assert same_state(mc.load("somebody/cvt-small"), small(dialect="hf"))


def test_a_cached_name_with_pickled_weights(cache):
    fill(cache, "somebody/cvt-small")
    (weights,) = cache.glob("*/snapshots/*/model.safetensors")
    state = {k: torch.tensor(v) for k, v in read_tensors(weights)[0].items()}
    torch.save(state, weights.with_name("pytorch_model.bin"))
    weights.unlink()
    assert same_state(mc.load("somebody/cvt-small"), small(dialect="hf"))


def test_offline_it_says_what_was_tried(cache):
    with pytest.raises(CheckpointError) as caught:
        mc.load("microsoft/cvt-13")
    message = str(caught.value)
    assert message.startswith("microsoft/cvt-13: tried a folder of that name")
    assert str(cache) in message
    assert "https://huggingface.co/microsoft/cvt-13" in message
    assert "\n" not in message


def test_without_the_package(monkeypatch):
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    with pytest.raises(MissingPackage, match=r"pip install 'minicvt\[hub\]'"):
        mc.load("microsoft/cvt-13")


@pytest.mark.parametrize("path", ["nowhere", "a/b/c", "runs/model.safetensors", "/x/y"])
def test_what_is_no_name_of_the_hub(path):
    with pytest.raises(CheckpointError, match="no such file or folder"):
        locate(path)


def test_what_is_here_is_not_looked_for_elsewhere(tmp_path, monkeypatch, cache):
    (tmp_path / "microsoft" / "cvt-13").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    assert locate("microsoft/cvt-13").is_dir()
