"""Files are whole or not there, and damage is always named."""

from __future__ import annotations

import io
import json
import os
import pickle
import struct
import zipfile
from pathlib import Path

import numpy as np
import pytest

from minicvt.errors import CheckpointError
from minicvt.files import read_tensors, write_atomic, write_tensors

TENSORS = {
    "weight": np.arange(12, dtype=np.float32).reshape(3, 4),
    "scalar": np.array(2.5),
    "nothing": np.zeros((0, 3), np.float32),
    "steps": np.array([1, 2], np.int64),
}
TEXT = {"recipe": '{"lr": 0.005}', "name": "학습 学习"}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "state.safetensors"
    write_tensors(path, TENSORS, TEXT)
    return path


def same(tensors: dict[str, np.ndarray]) -> bool:
    return tensors.keys() == TENSORS.keys() and all(
        tensors[name].dtype == array.dtype and np.array_equal(tensors[name], array)
        for name, array in TENSORS.items()
    )


def test_round_trip(path: Path) -> None:
    tensors, text = read_tensors(path)
    assert same(tensors)
    assert text == TEXT


def test_a_transposed_view_keeps_its_values(path: Path) -> None:
    view = TENSORS["weight"].T[::2]
    write_tensors(path, {"view": view})
    np.testing.assert_array_equal(read_tensors(path)[0]["view"], view)


def test_what_is_read_can_be_written_to_and_outlives_the_file(path: Path) -> None:
    tensors, _ = read_tensors(path)
    path.write_bytes(b"")
    tensors["weight"] += 1
    np.testing.assert_array_equal(tensors["weight"], TENSORS["weight"] + 1)


def test_folders_are_made(tmp_path: Path) -> None:
    write_atomic(tmp_path / "a" / "b.txt", b"content")
    assert (tmp_path / "a" / "b.txt").read_bytes() == b"content"


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_failure_leaves_the_old_file_alone(
    path: Path, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(os, step, fail)
    with pytest.raises(OSError, match="disk full"):
        write_tensors(path, {"other": np.ones(3)})
    monkeypatch.undo()
    assert same(read_tensors(path)[0])
    assert os.listdir(path.parent) == [path.name]


def test_a_folder_in_the_way_is_kept(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="folder"):
        write_atomic(_folder(tmp_path), b"content")
    assert os.listdir(tmp_path) == ["folder"]


def test_the_folder_one_is_in_is_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(_folder(tmp_path))
    with pytest.raises(OSError, match=r"'\.'"):
        write_atomic(".", b"content")
    assert os.listdir() == []


def _folder(tmp_path: Path) -> Path:
    folder = tmp_path / "folder"
    folder.mkdir()
    return folder


def test_unwritable_dtype_writes_nothing(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="complex128"):
        write_tensors(tmp_path / "a", {"w": np.ones(2, np.complex128)})
    assert os.listdir(tmp_path) == []


def test_every_truncation_is_named(path: Path) -> None:
    whole = path.read_bytes()
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        with pytest.raises(CheckpointError, match=r"state\.safetensors: expected"):
            read_tensors(path)


def test_every_flipped_byte_is_noticed(path: Path) -> None:
    """A flip raises, or (in the word sha256 itself) leaves the tensors as they were."""
    whole = path.read_bytes()
    accepted = 0
    for place in range(len(whole)):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        try:
            tensors, text = read_tensors(path)
        except CheckpointError:
            continue
        accepted += 1
        assert same(tensors)
        assert TEXT.items() <= text.items()
    assert accepted <= len("sha256")


def test_longer_than_it_says(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b"more")
    with pytest.raises(CheckpointError, match="damaged or cut short"):
        read_tensors(path)


def _zip() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("archive/data.pkl", "x" * 100)
    return buffer.getvalue()


def _npy() -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, np.ones((4, 4)))
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"", "an empty file"),
        (b"abc", "something else, which begins with b'abc'"),
        (pickle.dumps({"weight": [1.0] * 20}), "a Python pickle"),
        (_zip(), "a zip archive"),
        (_npy(), "a NumPy .npy array"),
        (b"\x89PNG\r\n\x1a\n" + bytes(40), "a PNG picture"),
        (b"<!doctype html><html></html>", "something else"),
        (bytes(64), "something else"),
        (b"\xff" * 64, "something else"),
    ],
)
def test_foreign_files_are_named(tmp_path: Path, content: bytes, found: str) -> None:
    (tmp_path / "model").write_bytes(content)
    with pytest.raises(CheckpointError) as caught:
        read_tensors(tmp_path / "model")
    message = str(caught.value)
    assert f"model: expected a safetensors file, found {found}" in message
    assert "\n" not in message


def test_no_file_and_a_folder(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="found a folder"):
        read_tensors(tmp_path)
    with pytest.raises(CheckpointError, match="found no such file"):
        read_tensors(tmp_path / "missing")


@pytest.mark.parametrize("dtype", ["BF16", "F8_E4M3", "F8_E5M2"])
def test_dtypes_that_numpy_lacks(tmp_path: Path, dtype: str) -> None:
    size = 4 if dtype == "BF16" else 2
    entry = {"dtype": dtype, "shape": [2], "data_offsets": [0, size]}
    header = json.dumps({"head.weight": entry}).encode()
    content = struct.pack("<Q", len(header)) + header + bytes(size)
    (tmp_path / "model").write_bytes(content)
    with pytest.raises(CheckpointError, match=f"head.weight has dtype {dtype}"):
        read_tensors(tmp_path / "model")
