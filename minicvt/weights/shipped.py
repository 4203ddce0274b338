"""From the name of a trained model to the model."""

from __future__ import annotations

import hashlib
from importlib.resources import as_file
from pathlib import Path
from typing import Any

from minicvt.errors import CheckpointError
from minicvt.interop import load
from minicvt.weights.cards import FOLDER, card


def trained(name: str) -> Any:
    """Return a trained model that comes with the library, in evaluation mode.

    ``trained("cvt-rgb32-mid")``; :func:`names` lists them, :func:`card` says how each
    was trained. Raises ``UnknownName``, and ``CheckpointError`` when the file is not
    the one its card was written for.
    """
    expected = card(name).sha256
    with as_file(FOLDER.joinpath(f"{name}.safetensors")) as path:
        if (found := sha256(path)) != expected:
            raise CheckpointError(
                f"{path}: expected SHA-256 {expected:.12}..., found {found:.12}..."
            )
        return load(path)


def sha256(path: Path) -> str:
    """Return the hash of a file's bytes, as ``sha256sum`` prints it."""
    return hashlib.sha256(path.read_bytes()).hexdigest()
