"""Pickles: PyTorch's weights_only loader opens them, or nobody does."""

from __future__ import annotations

import os
import pickle
import re
import sys

import numpy as np
import pytest
import torch

import minicvt as mc
from minicvt.errors import CheckpointError, MissingPackage
from minicvt.files import read_tensors
from tests.interop.checkpoints import same_state, small

TOLD = {"heads": (1, 2)}


@pytest.fixture
def pickled(tmp_path):
    state = {k: torch.tensor(v) for k, v in small().state_dict().items()}
    torch.save(state, tmp_path / "model.pth")
    return tmp_path / "model.pth"


def test_a_pickled_state(pickled):
    assert same_state(mc.load(pickled, **TOLD), small())


@pytest.mark.parametrize("wrapper", ["state_dict", "model"])
def test_a_wrapped_state(tmp_path, wrapper):
    state = {f"module.{k}": torch.tensor(v) for k, v in small().state_dict().items()}
    torch.save({"epoch": 3, wrapper: state}, tmp_path / "wrapped.pth")
    assert same_state(mc.load(tmp_path / "wrapped.pth", **TOLD), small())


def test_averaged_weights_come_before_others(tmp_path):
    """T2T-ViT and timm keep both, and evaluate the average."""
    state = {k: torch.tensor(v) for k, v in small().state_dict().items()}
    other = {k: torch.zeros_like(v) for k, v in state.items()}
    torch.save({"state_dict": other, "state_dict_ema": state}, tmp_path / "both.pth")
    assert same_state(mc.load(tmp_path / "both.pth", **TOLD), small())


def test_bfloat16_is_widened(tmp_path):
    state = {
        k: torch.tensor(v).bfloat16() if v.dtype.kind == "f" else torch.tensor(v)
        for k, v in small().state_dict().items()
    }
    torch.save(state, tmp_path / "model.pth")
    again = mc.load(tmp_path / "model.pth", **TOLD)
    expected = state["head.weight"].float().numpy()
    np.testing.assert_array_equal(again.head.weight.numpy(), expected)


def test_a_folder_with_pickled_weights(tmp_path):
    mc.save(small(dialect="hf"), tmp_path / "m", layout="hf")
    weights = tmp_path / "m" / "model.safetensors"
    tensors = {k: torch.tensor(v) for k, v in read_tensors(weights)[0].items()}
    torch.save(tensors, tmp_path / "m" / "pytorch_model.bin")
    weights.unlink()
    assert same_state(mc.load(tmp_path / "m"), small(dialect="hf"))


def test_without_pytorch_a_pickle_is_refused(pickled, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(MissingPackage, match=r"only PyTorch opens it safely .*install"):
        mc.load(pickled)


class Evil:
    def __init__(self, call):
        self.call = call

    def __reduce__(self):
        return self.call, ("echo a pickle ran",)


@pytest.mark.parametrize("call", [print, os.system])
def test_a_pickle_that_runs_code_is_refused(tmp_path, capfd, call):
    """The reason is said, and PyTorch's advice to run it all the same is not."""
    torch.save({"head.weight": Evil(call)}, tmp_path / "evil.pth")
    with pytest.raises(CheckpointError, match=call.__name__) as caught:
        mc.load(tmp_path / "evil.pth")
    assert "weights_only loader refuses it: " in str(caught.value)
    assert not re.search("False|safe_globals", str(caught.value))
    assert capfd.readouterr().out == ""


def test_a_pickle_of_another_protocol_is_refused(tmp_path):
    (tmp_path / "evil.pth").write_bytes(pickle.dumps({"head.weight": Evil(print)}))
    with pytest.raises(CheckpointError, match="weights_only loader refuses it"):
        mc.load(tmp_path / "evil.pth")


@pytest.mark.parametrize("what", [[1, 2], {"head.weight": 3}])
def test_a_pickle_of_something_else(tmp_path, what):
    torch.save(what, tmp_path / "other.pth")
    with pytest.raises(CheckpointError, match="expected tensors by name"):
        mc.load(tmp_path / "other.pth")
