"""Models on disk, in our own files and in other people's."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from minicvt.files import StrPath, write_atomic, write_tensors
from minicvt.interop.huggingface import write_config
from minicvt.interop.layouts import OFFICIAL, layout_named
from minicvt.interop.reading import CONFIG, LAYOUT, read
from minicvt.interop.rebuilding import rebuild


def export(model: Any, layout: str = "official") -> dict[str, np.ndarray]:
    """Copies of a model's tensors, under the names and shapes of a layout.

    Layouts are "official" (ours too), "hf" and "lucidrains". Raises ``UnknownName``,
    and ``CheckpointError`` for a tensor that a layout has no name for.
    """
    table, state = layout_named(layout), model.state_dict()
    return state if table is OFFICIAL else table.to_theirs(state)


def save(model: Any, path: StrPath, layout: str = "official") -> None:
    """Write parameters, buffers and configuration to ``path``, atomically.

    One safetensors file with the configuration in its header; for "hf" a folder of
    config.json and model.safetensors, for transformers' ``from_pretrained``. Raises
    ``CheckpointError`` for a model that the layout cannot hold, ``OSError`` where
    nothing can be written.
    """
    tensors, ours = export(model, layout), model.config.as_dict()
    if layout != "hf":
        write_tensors(path, tensors, {CONFIG: json.dumps(ours), LAYOUT: layout})
        return
    theirs = write_config(model.config, model.dtype) | {"minicvt": ours}
    write_tensors(Path(path) / "model.safetensors", tensors, {"format": "pt"})
    content = json.dumps(theirs, indent=1) + "\n"
    write_atomic(Path(path) / "config.json", content.encode())


def load(
    path: StrPath,
    model: str | None = None,
    *,
    dtype: Any = None,
    check_finite: bool = True,
    **overrides: Any,
) -> Any:
    """Build the model of a checkpoint, in evaluation mode.

    ``path`` is a file that :func:`save` wrote; a bare state of the official code, in
    safetensors, or pickled for those who have PyTorch; a folder or hub name in the
    manner of transformers. The layout is told by the names of the tensors. The
    configuration is read, or inferred from shapes; where these leave something open,
    name the variant (``model="cvt-13"``) or the fields (``heads=(1, 3, 6)``). Fields
    given win: ``dialect="microsoft"`` runs a Hugging Face folder with QuickGELU.
    Weights in half precision are widened to float32.

    Raises ``CheckpointError`` when the checkpoint is damaged or foreign, does not
    hold the model it describes (a table says what differs), or has weights that are
    NaN or infinite, unless ``check_finite`` is off.
    """
    return rebuild(path, read(path), model, dtype, check_finite, overrides)
