"""Models on disk, in our own files and in other people's."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

import numpy as np

from minicvt.errors import CheckpointError
from minicvt.files import StrPath, write_atomic, write_tensors
from minicvt.interop.describing import describe
from minicvt.interop.huggingface import write_config
from minicvt.interop.inference import as_in
from minicvt.interop.layouts import heads_of, layout_named
from minicvt.interop.npz import SUFFIX, write_arrays
from minicvt.interop.reading import CONFIG, LAYOUT, Contents, read
from minicvt.interop.rebuilding import rebuild
from minicvt.models import Config


def export(model: Any, layout: str = "official") -> dict[str, np.ndarray]:
    """Copies of a model's tensors, under the names and shapes of a layout.

    "official" is what the paper's own code publishes; ``LAYOUTS[paper]`` has the
    others. Raises ``UnknownName``, and ``CheckpointError`` for a tensor that a layout
    has no name for.
    """
    table = layout_named(model.config.paper, layout)
    return table.to_theirs(model.state_dict(), heads_of(model.config))


def save(model: Any, path: StrPath, layout: str = "official") -> None:
    """Write parameters, buffers and configuration to ``path``, atomically.

    One safetensors file with the configuration in its header; for a path that ends in
    .npz, a file as JAX checkpoints are, without it; for "hf" a folder of config.json
    and model.safetensors, for transformers' ``from_pretrained``. Raises
    ``CheckpointError`` for a model that the layout cannot hold, ``OSError`` where
    nothing can be written.
    """
    tensors, ours = export(model, layout), model.config.as_dict()
    if layout == "hf":
        _write_folder(Path(path), model, tensors)
    elif Path(path).suffix == SUFFIX:
        _warn_of_loss(model.config, tensors)
        write_arrays(path, tensors)
    else:
        write_tensors(path, tensors, {CONFIG: json.dumps(ours), LAYOUT: layout})


def _write_folder(folder: Path, model: Any, tensors: dict[str, np.ndarray]) -> None:
    ours = {"minicvt": model.config.as_dict()}
    theirs = write_config(model.config, model.dtype) | ours
    write_tensors(folder / "model.safetensors", tensors, {"format": "pt"})
    content = json.dumps(theirs, indent=1) + "\n"
    write_atomic(folder / "config.json", content.encode())


def _warn_of_loss(config: Config, tensors: dict[str, np.ndarray]) -> None:
    """Warn of what a file without configuration will not say when it is read."""
    try:
        _, told = describe(Contents(tensors, {}, None), tensors, None, {})
    except CheckpointError as error:
        warnings.warn(f"an .npz holds no configuration: {error}", stacklevel=3)
        return
    ours, theirs = config.as_dict(), told.as_dict()
    theirs |= as_in(config, theirs)
    lost = {k: v for k, v in ours.items() if k != "name" and theirs.get(k, v) != v}
    if lost.pop("paper", None):
        lost["model"] = config.name  # which names the paper
    if lost:
        given = ", ".join(f"{name}={value!r}" for name, value in lost.items())
        warnings.warn(
            f"an .npz holds no configuration: to load this one, give {given}",
            stacklevel=3,
        )


def load(
    path: StrPath,
    model: str | None = None,
    *,
    dtype: Any = None,
    check_finite: bool = True,
    **overrides: Any,
) -> Any:
    """Build the model of a checkpoint, in evaluation mode.

    ``path`` is a file that :func:`save` wrote; a bare state of a paper's official code
    or of timm, in safetensors, or pickled for those who have PyTorch; a JAX checkpoint
    in .npz; a folder or hub name in the manner of transformers. Paper and layout are
    told by the names of the tensors. The configuration is read, or inferred from
    shapes; where these leave something open, name the variant (``model="cvt-13"``) or
    the fields (``heads=(1, 3, 6)``). A plain DeiT has the names of timm's ViT, and is
    taken for one unless the variant says otherwise. Fields given win:
    ``dialect="microsoft"`` runs a Hugging Face folder of CvT with QuickGELU. For images
    of another size than its positions are for, load it first: ``model.resize(image)``.
    Weights in half precision are widened to float32.

    Raises ``CheckpointError`` when the checkpoint is damaged or foreign, does not
    hold the model it describes (a table says what differs), or has weights that are
    NaN or infinite, unless ``check_finite`` is off.
    """
    return rebuild(path, read(path), model, dtype, check_finite, overrides)
