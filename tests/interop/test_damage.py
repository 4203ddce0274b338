"""Damaged files: each is refused in words or holds what it held, none is a crash.

A file of ours is whole or refused, by its hash. In other people's files a changed
weight cannot be seen; what can, structure and numbers that are none, must be.
"""

from __future__ import annotations

import json
import struct

import numpy as np
import pytest
from safetensors.numpy import save

import minicvt as mc
from minicvt.errors import CheckpointError
from minicvt.interop import export
from minicvt.interop.reading import CONFIG
from tests.interop.checkpoints import relative, same_state, small

KINDS = ("cut", "flip", "zeros", "insert", "remove", "swap", "header", "number")
NUMBERS = (b"0", b"-1", b"1e9", b"999999999", b"1.5", b"null", b'"x"', b"[]", b"1e400")
MODEL = {"dims": (4, 4), "depths": (1, 2), "mlp_ratios": 1.0, "num_classes": 3}


def tiny():
    return small(dialect="hf", heads=(1, 2), **MODEL)


def damage(content, kind, rng):
    """Change ``content`` in one way, at a random place."""
    place, other = sorted(int(n) for n in rng.integers(0, len(content), 2))
    bits = bytes(rng.integers(0, 256, int(rng.integers(1, 9)), dtype=np.uint8))
    head = int(rng.integers(0, min(len(content), 8 + header_size(content))))
    if kind == "cut":
        return content[:place]
    if kind == "flip":
        changed = content[place] ^ (1 << int(rng.integers(8)))
        return content[:place] + bytes([changed]) + content[place + 1 :]
    if kind == "zeros":
        return content[:place] + bytes(other - place) + content[other:]
    if kind == "insert":
        return content[:place] + bits + content[place:]
    if kind == "remove":
        return content[:place] + content[other:]
    if kind == "swap":
        return content[other:] + content[place:other] + content[:place]
    if kind == "header":
        return content[:head] + bits + content[head + len(bits) :]
    return renumber(content, rng)


def header_size(content):
    """Length of the JSON header of a safetensors file; of all, for a JSON file."""
    if content[:1] == b"{":
        return len(content)
    return struct.unpack("<Q", content[:8])[0]


def renumber(content, rng):
    """Put another number for one of the header, and make its length right again."""
    size = header_size(content)
    start = 0 if content[:1] == b"{" else 8
    header, rest = content[start : start + size], content[start + size :]
    digits = [i for i, c in enumerate(header) if c in b"0123456789"]
    first = last = digits[int(rng.integers(len(digits)))]
    while first and header[first - 1] in b"0123456789":
        first -= 1
    while last + 1 < len(header) and header[last + 1] in b"0123456789":
        last += 1
    number = NUMBERS[int(rng.integers(len(NUMBERS)))]
    header = header[:first] + number + header[last + 1 :]
    length = struct.pack("<Q", len(header)) if start else b""
    return length + header + rest


def ours(folder):
    mc.save(tiny(), folder / "model")
    return folder / "model", folder / "model"


def unhashed(folder):
    """Our configuration in a file without a hash, as another tool would leave it."""
    text = {CONFIG: json.dumps(tiny().config.as_dict())}
    (folder / "model").write_bytes(save(tiny().state_dict(), text))
    return folder / "model", folder / "model"


def bare(folder):
    (folder / "model").write_bytes(save(tiny().state_dict()))
    return folder / "model", folder / "model"


def weights(folder):
    bare(folder)
    mc.save(tiny(), folder / "m", layout="hf")
    return folder / "m", folder / "m" / "model.safetensors"


def configuration(folder):
    mc.save(tiny(), folder / "m", layout="hf")
    config = json.loads((folder / "m" / "config.json").read_text(encoding="utf-8"))
    del config["minicvt"]
    (folder / "m" / "config.json").write_text(json.dumps(config), encoding="utf-8")
    return folder / "m", folder / "m" / "config.json"


def npz(folder):
    """JAX's kind, whose zip archive has a checksum for each array."""
    mc.save(smallest("vit-b16"), folder / "vit.npz")
    return folder / "vit.npz", folder / "vit.npz"


def pyramid(folder):
    return described(folder, smallest("pvt-tiny"))


def residual(folder):
    return described(folder, smallest("resnet-50"))


def described(folder, model):
    """A folder of another paper, whose description is damaged."""
    mc.save(model, folder / "m", layout="hf")
    config = json.loads((folder / "m" / "config.json").read_text(encoding="utf-8"))
    del config["minicvt"]
    (folder / "m" / "config.json").write_text(json.dumps(config), encoding="utf-8")
    return folder / "m", folder / "m" / "config.json"


def smallest(name):
    sizes = {
        "vit-b16": {"depths": (1,), "image": (8, 8), "mlp_ratios": 1.0},
        "pvt-tiny": {"depths": (1,) * 4, "image": (32, 32), "embed_eps": 1e-6},
        "resnet-50": {"dims": (8, 8), "depths": (1, 1), "stem_dim": 4},
    }
    return relative(name, **sizes[name])


def convolutional(folder):
    """Names with letters and numbers, told apart by both."""
    (folder / "model").write_bytes(save(export(relative("cmt-ti"))))
    return folder / "model", folder / "model"


FILES = (ours, unhashed, bare, weights, configuration)
RELATIVES = {
    npz: lambda: smallest("vit-b16"),
    pyramid: lambda: smallest("pvt-tiny"),
    residual: lambda: smallest("resnet-50"),
    convolutional: lambda: relative("cmt-ti"),
}


def survive(make, folder, seeds):
    """Load files damaged in every way; return how many were refused."""
    path, damaged = make(folder)
    whole, model = damaged.read_bytes(), RELATIVES.get(make, tiny)()
    given = {"heads": (1, 2)} if make is bare else {}
    given |= {"image": (64, 96)} if make is convolutional else {}
    assert mc.load(path, **given).config.dims == model.config.dims
    refused = []
    for seed in seeds:
        rng = np.random.default_rng(seed)
        damaged.write_bytes(damage(whole, KINDS[seed % len(KINDS)], rng))
        try:
            loaded = mc.load(path, **given)
        except CheckpointError as error:
            refused.append(str(error))
        else:
            check_sound(loaded, model, make)
    assert all(message.startswith(str(path)) for message in refused)
    return len(refused)


def check_sound(loaded, model, make):
    """What loads is what was saved, or at least has its names and finite numbers."""
    if make in (ours, configuration, npz, pyramid, residual):
        assert same_state(loaded, model)
    state = loaded.state_dict()
    assert state.keys() == model.state_dict().keys()
    assert all(np.isfinite(value).all() for value in state.values())


@pytest.mark.parametrize("make", FILES)
def test_five_hundred_damaged_files(tmp_path, make):
    assert survive(make, tmp_path, range(500)) >= 250


@pytest.mark.parametrize("make", RELATIVES)
def test_two_hundred_damaged_files_of_relatives(tmp_path, make):
    assert survive(make, tmp_path, range(200)) >= 100


def test_a_header_that_looks_like_a_pickle(tmp_path):
    """Safetensors begins with a length: 128, a pickle's first byte, among others."""
    for padding in range(0, 256, 8):
        content = save(tiny().state_dict(), {"note": "x" * padding})
        if content[0] == 0x80:
            break
    assert content[0] == 0x80
    (tmp_path / "model").write_bytes(content)
    assert same_state(mc.load(tmp_path / "model", heads=(1, 2)), tiny())
