"""What is in a checkpoint, before anyone asks which model it is for."""

from __future__ import annotations

import json
import re
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from minicvt.errors import CheckpointError, MissingPackage
from minicvt.files import StrPath, read_tensors
from minicvt.interop.hub import WEIGHTS, locate
from minicvt.interop.npz import is_npz, read_arrays

CONFIG, LAYOUT = "minicvt.config", "minicvt.layout"  # in our own files' text
OFFICIAL = "official"  # the layout of those that do not say theirs
ADVICE = re.compile("weights.only", re.IGNORECASE)
WRAPPERS = ("state_dict_ema", "state_dict", "model")  # averaged weights before others
PICKLES = (b"PK\x03\x04", b"\x80")  # PyTorch's archive since 1.6, and before


class Contents(NamedTuple):
    """Tensors under their names, the file's own text, and a config.json's values."""

    tensors: dict[str, np.ndarray]
    text: dict[str, str]
    config: dict[str, Any] | None


def read(path: StrPath) -> Contents:
    """Read safetensors, .npz, a PyTorch pickle, a folder, or a model of the hub.

    A pickle is only ever opened by PyTorch's ``weights_only`` loader, for people who
    have PyTorch. Raises ``CheckpointError`` or ``MissingPackage``.
    """
    path = locate(path)
    if path.is_dir():
        return _read_folder(path)
    return Contents(*_read_weights(path), None)


def _read_folder(folder: Path) -> Contents:
    weights = next((folder / n for n in WEIGHTS if (folder / n).is_file()), None)
    if weights is None or not (folder / "config.json").is_file():
        found = ", ".join(sorted(p.name for p in folder.iterdir())[:5]) or "nothing"
        raise CheckpointError(
            f"{folder}: expected config.json and {' or '.join(WEIGHTS)}, found {found}"
        )
    return Contents(*_read_weights(weights), _read_config(folder / "config.json"))


def _read_config(path: Path) -> dict[str, Any]:
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise CheckpointError(f"{path}: expected JSON: {error}") from error
    if not isinstance(values, dict):
        raise CheckpointError(f"{path}: expected a JSON object, found {values!r:.40}")
    return values


def _read_weights(path: Path) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """Read safetensors, unless it is a pickle: eight bytes of length may look so."""
    with path.open("rb") as file:
        head = file.read(9)
    if not head.startswith(PICKLES) or head[8:] == b"{":
        return read_tensors(path)
    return (read_arrays(path) if is_npz(path) else _read_pickle(path)), {}


def _read_pickle(path: Path) -> dict[str, np.ndarray]:
    try:
        torch = import_module("torch")
    except ImportError:
        raise MissingPackage(
            f"{path}: a PyTorch pickle, which could run any code; only PyTorch opens "
            "it safely (weights_only): pip install torch, or convert it to safetensors"
        ) from None
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # of many kinds, from zip to unpickling
        raise CheckpointError(
            f"{path}: PyTorch's weights_only loader refuses it: {_reason(error)}"
        ) from error
    for wrapper in WRAPPERS:
        if isinstance(state, dict) and isinstance(state.get(wrapper), dict):
            state = state[wrapper]
    if not isinstance(state, dict) or not all(map(torch.is_tensor, state.values())):
        raise CheckpointError(f"{path}: expected tensors by name, found {state!r:.60}")
    return {str(name): _array(tensor) for name, tensor in state.items()}


def _reason(error: Exception) -> str:
    """Say what PyTorch found, without its advice to switch the safeguard off."""
    lines = (line.strip() for line in str(error).splitlines())
    found = (line for line in lines if line and not ADVICE.search(line))
    return next(found, type(error).__name__).partition(" Please ")[0]


def _array(tensor: Any) -> np.ndarray:
    """Copy a tensor to NumPy, which lacks bfloat16: that is widened, exactly."""
    tensor = tensor.detach()
    return (tensor.float() if "bfloat16" in str(tensor.dtype) else tensor).numpy()
