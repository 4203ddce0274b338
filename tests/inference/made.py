"""A folder of pictures, a tiny CvT in a file, and an evaluation that can be killed.

Run as a program it evaluates with small parts, for the tests that kill it:
``python -m tests.inference.made FOLDER CHECKPOINT CSV``.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from minicvt import interop, models
from minicvt.inference import commands, evaluate

CLASSES = ("ant", "bee", "cat")
NAMES = ("ant, Formica", "bee", "cat, Felis catus")
SIZE = 16
BROKEN = "bee/broken.png"


def make_model(seed: int = 0) -> Any:
    """Build a two-stage CvT for three classes that has seen something."""
    model = models.build(
        "cvt-rgb32",
        seed=seed,
        dims=(6, 8),
        depths=(1, 2),
        heads=(1, 2),
        embed=((3, 2, 1), (3, 2, 1)),
        cls=(False, True),
        num_classes=len(CLASSES),
        image=(SIZE, SIZE),
    )
    rng = np.random.default_rng(seed)
    state = model.state_dict()
    for name, array in state.items():
        if array.dtype.kind == "f":
            state[name] = (array + rng.uniform(0, 0.5, array.shape)).astype(array.dtype)
    model.load_state_dict(state)
    return model.eval()


def make_checkpoint(path: Path, seed: int = 0) -> str:
    """Save the tiny model to one file."""
    interop.save(make_model(seed), path)
    return str(path)


def make_hub_folder(path: Path, **processor: Any) -> str:
    """Save it as transformers does, with names and its own preprocessing."""
    bare = make_checkpoint(path.with_suffix(".safetensors"))
    interop.save(interop.load(bare, dialect="hf"), path, "hf")
    config = json.loads((path / "config.json").read_text(encoding="utf-8"))
    config["id2label"] = {str(i): name for i, name in enumerate(NAMES)}
    (path / "config.json").write_text(json.dumps(config), encoding="utf-8")
    settings = {"size": {"shortest_edge": 20}, "crop_pct": 0.8} | processor
    (path / "preprocessor_config.json").write_text(
        json.dumps(settings), encoding="utf-8"
    )
    return str(path)


def make_pictures(folder: Path, each: int = 5) -> Path:
    """Write ``each`` noisy pictures a class, and one that is cut short."""
    rng = np.random.default_rng(5)
    for label, name in enumerate(CLASSES):
        (folder / name).mkdir(parents=True)
        for i in range(each):
            shape = (*rng.integers(12, 30, size=2), 3)
            noise = rng.integers(80 * label, 80 * label + 90, shape, dtype=np.uint8)
            Image.fromarray(noise).save(folder / name / f"{i}.{'png' if i else 'JPEG'}")
    whole = (folder / "bee" / "1.png").read_bytes()
    (folder / BROKEN).write_bytes(whole[: len(whole) // 2])
    (folder / "bee" / "notes.txt").write_text("not a picture", encoding="utf-8")
    (folder / "bee" / ".hidden.png").write_bytes(b"")
    return folder


if __name__ == "__main__":
    evaluate.PART = 1
    folder, checkpoint, csv = sys.argv[1:]
    commands.evaluate(folder, checkpoint, dialects=["microsoft", "hf"], csv=csv)
