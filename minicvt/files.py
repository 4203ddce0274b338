"""Files that are whole or not there: atomic writes, and tensors on disk."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from minicvt.errors import CheckpointError

StrPath = str | os.PathLike[str]

# As safetensors names them; BF16 and the floats of eight bits have no NumPy dtype.
NUMPY_DTYPES = {
    *("BOOL", "U8", "U16", "U32", "U64", "I8", "I16", "I32", "I64"),
    *("F16", "F32", "F64", "C64"),
}
FOREIGN = {
    b"PK\x03\x04": "a zip archive (what PyTorch writes as .pth or .pt)",
    b"\x80": "a Python pickle",
    b"\x89PNG": "a PNG picture",
    b"\xff\xd8\xff": "a JPEG picture",
    b"\x93NUMPY": "a NumPy .npy array",
    b"\x89HDF": "an HDF5 file",
    b"GGUF": "a GGUF file",
}
CHECKSUM = "sha256"


def ready_folder(path: StrPath) -> Path:
    """Make a folder that can be written to, before the work whose result it takes.

    Raises ``OSError`` where that cannot be.
    """
    folder = Path(path)
    folder.mkdir(parents=True, exist_ok=True)
    tempfile.TemporaryFile(dir=folder).close()
    return folder


def write_atomic(path: StrPath, content: bytes) -> None:
    """Write ``content`` so that a reader sees the old file or the new, never half.

    The bytes go to a temporary file beside ``path``, reach the disk, and take its
    place in one rename; missing folders are made. Whatever fails leaves the old
    file as it was and no temporary behind. Raises ``OSError``.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.parent / f".{path.name}.{os.getpid()}.tmp"
    try:
        with temporary.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    """Make the rename itself survive a power cut; Windows cannot open folders."""
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def write_tensors(
    path: StrPath,
    tensors: Mapping[str, np.ndarray],
    metadata: Mapping[str, str] | None = None,
) -> None:
    """Write named arrays and text to one safetensors file, atomically.

    A checksum of everything joins the metadata, for ``read_tensors`` to compare.
    Raises ``CheckpointError`` for a dtype the format lacks, ``OSError``.
    """
    # safetensors takes the memory as it lies: a transposed view would be scrambled
    arrays = {name: np.asarray(array, order="C") for name, array in tensors.items()}
    text = dict(metadata or {})
    try:
        content = save(arrays, text | {CHECKSUM: checksum(arrays, text)})
    except SafetensorError as error:
        raise CheckpointError(f"{path}: cannot be written: {error}") from error
    write_atomic(path, content)


def read_tensors(path: StrPath) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """Read the arrays and the text of a safetensors file.

    Raises ``CheckpointError`` when there is no such file, when it is another kind
    of file, cut short or altered, or holds a dtype that NumPy lacks; ``OSError``
    when it may not be read.
    """
    path = Path(path)
    if not path.is_file():
        raise _unexpected(path, "a folder" if path.is_dir() else "no such file")
    try:
        with safe_open(path, framework="numpy") as file:
            _check_dtypes(path, file)
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
            metadata = dict(file.metadata() or {})
    except SafetensorError as error:
        raise _unexpected(path, f"{_kind(path)} ({error})") from error
    expected = metadata.pop(CHECKSUM, None)
    if expected is None:
        return tensors, metadata
    if expected != (found := checksum(tensors, metadata)):
        raise CheckpointError(
            f"{path}: altered since it was written: expected {CHECKSUM} "
            f"{expected:.12}..., found {found:.12}..."
        )
    return tensors, metadata


def checksum(tensors: Mapping[str, np.ndarray], metadata: Mapping[str, str]) -> str:
    """SHA-256 over names, dtypes, shapes, values and text, in the order of names."""
    digest = hashlib.sha256()
    for name in sorted(tensors):
        array = tensors[name]
        digest.update(repr((name, array.dtype.str, array.shape)).encode())
        digest.update(np.asarray(array, order="C").data)
    digest.update(repr(sorted(metadata.items())).encode())
    return digest.hexdigest()


def _check_dtypes(path: Path, file: safe_open) -> None:
    for name in file.keys():  # noqa: SIM118
        dtype = file.get_slice(name).get_dtype()
        if dtype not in NUMPY_DTYPES:
            raise CheckpointError(
                f"{path}: tensor {name} has dtype {dtype}, which NumPy lacks; "
                "convert it to F32 first"
            )


def _unexpected(path: Path, found: str) -> CheckpointError:
    return CheckpointError(f"{path}: expected a safetensors file, found {found}")


def _kind(path: Path) -> str:
    """Say what a file that is no safetensors file looks like."""
    with path.open("rb") as file:
        head = file.read(16)
    if not head:
        return "an empty file"
    if head[8:9] == b"{":  # eight bytes of length, then the header's JSON
        return f"one that is damaged or cut short at {path.stat().st_size} bytes"
    for start, kind in FOREIGN.items():
        if head.startswith(start):
            return kind
    return f"something else, which begins with {head!r}"
