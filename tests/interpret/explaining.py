"""A small CvT with three stages and its page, as the tests of explain use them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from minicvt import interop, models
from minicvt.data.preprocess import Preprocess
from minicvt.inference import open_checkpoint
from minicvt.interpret.explain import Subject, records
from minicvt.interpret.explain.page import html

SMALL = {"dims": (4, 6, 8), "heads": (1, 2, 4), "depths": (1, 2, 2), "num_classes": 7}
MEAN, STD = (0.4, 0.5, 0.6), (0.2, 0.25, 0.3)


def small(**overrides: Any) -> Any:
    """Build one with weights large enough that attention is uneven."""
    model = models.build("cvt-rgb32", seed=1, **SMALL | overrides).eval()
    for _, parameter in model.named_parameters():
        parameter.assign(parameter.numpy() * 1.3)
    return model


def image(height: int = 27, width: int = 41, channels: int = 3) -> np.ndarray:
    """Draw a picture that is neither square nor even."""
    pixels = np.random.default_rng(2).random((height, width, channels))
    return ((pixels - 0.5) / 0.25).astype(np.float32)


def subject(folder: Path, model: Any = None, pixels: Any = None) -> Subject:
    """Save a model and open it again, as a checkpoint with something to look at."""
    path = folder / "small.safetensors"
    interop.save(small() if model is None else model, path)
    source = open_checkpoint(str(path))
    preprocess = Preprocess(mean=MEAN, std=STD)
    shown = image() if pixels is None else pixels
    return Subject(shown, "noise", source.model(), source, preprocess, "Thanks.")


def written(folder: Path, model: Any = None, pixels: Any = None) -> Path:
    """Write the page of :func:`subject`."""
    page, given = folder / "index.html", subject(folder, model, pixels)
    page.write_text(html(given, [*records(given)], "a command", None), encoding="utf-8")
    return page
