"""From a name to files: a path that is here, or a model on the Hugging Face hub."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path

from minicvt.errors import CheckpointError, MissingPackage
from minicvt.files import StrPath

HUB_NAME = re.compile(r"[\w.-]+/[\w.-]+")
WEIGHTS = ("model.safetensors", "pytorch_model.bin")
"""What holds the weights in a folder, best first."""
FILES = (".safetensors", ".npz", ".pth", ".pt")
BESIDE = ("config.json", "preprocessor_config.json")


def locate(path: StrPath) -> Path:
    """Return the file or folder ``path`` names: here, in the cache, or on the hub.

    A name like "microsoft/cvt-13" that is nothing here is downloaded, once, by
    huggingface_hub (``pip install 'minicvt[hub]'``), which shows how far it is.
    Raises ``CheckpointError`` that says where it has looked.
    """
    here = Path(path)
    if here.exists():
        return here
    name = here.as_posix()
    if not HUB_NAME.fullmatch(name) or here.suffix in FILES:
        raise CheckpointError(f"{path}: no such file or folder")
    return download(name)


def download(name: str) -> Path:
    """Fetch a model of the hub into its cache, or find it there; return its folder."""
    try:
        hub = import_module("huggingface_hub")
        constants = import_module("huggingface_hub.constants")
    except ImportError:
        raise MissingPackage(
            f"{name}: no such file or folder here; to look on the Hugging Face hub, "
            "pip install 'minicvt[hub]'"
        ) from None
    try:
        folder = Path(hub.snapshot_download(name, allow_patterns=[*BESIDE, WEIGHTS[0]]))
        if not (folder / WEIGHTS[0]).is_file():
            hub.snapshot_download(name, allow_patterns=list(WEIGHTS))
    except Exception as error:  # of many kinds: offline, no such model, no rights
        reason = str(error).strip().splitlines() or [type(error).__name__]
        raise CheckpointError(
            f"{name}: tried a folder of that name here, the cache "
            f"{constants.HF_HUB_CACHE} and {constants.ENDPOINT}/{name}: {reason[0]}"
        ) from error
    return folder
