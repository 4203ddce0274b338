"""The .npz files of JAX checkpoints: arrays by name, and nothing else."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from minicvt.errors import CheckpointError
from minicvt.files import StrPath, write_atomic

SUFFIX = ".npz"


def is_npz(path: Path) -> bool:
    """Whether the zip archive ``path`` has arrays in it, not a PyTorch pickle."""
    try:
        with zipfile.ZipFile(path) as archive:
            return any(name.endswith(".npy") for name in archive.namelist())
    except Exception:  # of many kinds: what it was meant to be, its name says
        return path.suffix == SUFFIX


def read_arrays(path: Path) -> dict[str, np.ndarray[Any, Any]]:
    """Read all arrays, none of which may be a pickle.

    Raises ``CheckpointError`` when the file is damaged or holds Python objects.
    """
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            return {name: arrays[name] for name in arrays.files}
    except Exception as error:  # of many kinds, from zip to the arrays' headers
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise CheckpointError(
            f"{path}: expected an .npz of arrays, found one that is damaged: {reason}"
        ) from error


def write_arrays(path: StrPath, arrays: Mapping[str, Any]) -> None:
    """Write arrays to an .npz file, atomically. Raises ``OSError``."""
    content = io.BytesIO()
    np.savez(content, **arrays)
    write_atomic(path, content.getvalue())
