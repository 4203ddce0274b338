"""The official code's answers for one tiny CvT, float64, as files beside this one.

Made from microsoft/CvT f851e68, unmodified, with random weights and images;
``a1_dwbn.json`` says how. It has what the paper's models have: three stages, more heads
than one, depthwise projections, a class token in the last stage; and maps of 10 x 14,
5 x 7 and 3 x 4, so that height and width cannot be taken for one another.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import load_file

from minicvt import models
from minicvt.images import from_nchw
from minicvt.kernels.types import Array
from minicvt.models.config import Config

FOLDER = Path(__file__).parent
EMBEDDINGS = ("PATCH_SIZE", "PATCH_STRIDE", "PATCH_PADDING")


def config_of(meta: Mapping[str, Any]) -> Config:
    """Say the arguments of the official constructor as a configuration of ours."""
    spec = meta["spec"]
    return models.variant(
        "cvt-13",
        image=tuple(meta["input_shape"][2:]),
        num_classes=meta["num_classes"],
        dims=tuple(spec["DIM_EMBED"]),
        depths=tuple(spec["DEPTH"]),
        heads=tuple(spec["NUM_HEADS"]),
        embed=tuple(zip(*(spec[name] for name in EMBEDDINGS), strict=True)),
        mlp_ratios=tuple(spec["MLP_RATIO"]),
        projection=tuple(spec["QKV_PROJ_METHOD"]),
        kv_stride=tuple(spec["STRIDE_KV"]),
        cls=tuple(spec["CLS_TOKEN"]),
        drop_path=tuple(spec["DROP_PATH_RATE"]),
    )


class Official:
    """One configuration with its state, images, logits and gradients.

    ``mode`` is "eval" or "train": in training BatchNorm uses the statistics of the
    batch. Nothing is dropped in either.
    """

    name = "a1_dwbn"

    def __init__(self, mode: str) -> None:
        self.mode = mode

    @cached_property
    def meta(self) -> dict[str, Any]:
        """How it was made."""
        text = (FOLDER / f"{self.name}.json").read_text(encoding="utf-8")
        found: dict[str, Any] = json.loads(text)
        return found

    @cached_property
    def state(self) -> dict[str, Array]:
        """Parameters and buffers, by their official names, in float64."""
        kept = load_file(FOLDER / f"{self.name}.state.safetensors")
        floating = {name for name, a in kept.items() if a.dtype == np.float32}
        return {n: a.astype("float64") if n in floating else a for n, a in kept.items()}

    @cached_property
    def answers(self) -> dict[str, Array]:
        """Images and what the official code made of them."""
        modes = dict.fromkeys(("eval", self.mode))  # the images are with the first
        files = [
            load_file(FOLDER / f"{self.name}.{mode}.safetensors") for mode in modes
        ]
        return {name: array for file in files for name, array in file.items()}

    def answered(self, what: str) -> dict[str, Array]:
        """Return all answers of a kind in this mode, by what follows it."""
        start = f"{self.mode}/{what}/"
        return {
            name.removeprefix(start): array
            for name, array in self.answers.items()
            if name.startswith(start)
        }

    @property
    def images(self) -> Array:
        """The images ``(B, 3, H, W)``, as the official code takes them."""
        return self.answers["x"].astype(np.float64)

    @property
    def logits(self) -> Array:
        """The logits ``(B, K)``."""
        return self.answers[f"{self.mode}/logits"]

    @property
    def gradients(self) -> dict[str, Array]:
        """Gradients of <cotangent, logits> by name, without that of the images."""
        return self.answered("grad")

    @property
    def statistics(self) -> dict[str, Array]:
        """What BatchNorm remembers afterwards: nothing new in evaluation."""
        found = self.answered("buffer_after").items()
        return {name: array for name, array in found if array.ndim}

    @property
    def images_gradient(self) -> Array:
        """The gradient of the images, ``(B, 3, H, W)``."""
        return self.answers[f"{self.mode}/grad_x"]

    @cached_property
    def cotangent(self) -> Array:
        """The gradient of the loss that was used: soft cross-entropy, batch mean.

        (softmax(logits) - target) / B.
        """
        exponents = np.exp(self.logits - self.logits.max(axis=1, keepdims=True))
        probabilities = exponents / exponents.sum(axis=1, keepdims=True)
        apart: Array = probabilities - self.answers["soft_target"]
        return apart / len(apart)

    @property
    def config(self) -> Config:
        """The configuration, as one of ours."""
        return config_of(self.meta)

    def model(self) -> Any:
        """Our model with the official weights."""
        model = self.config.build("float64").train(self.mode == "train")
        model.load_state_dict(self.state)
        return model

    @property
    def channels_last(self) -> Array:
        """The images ``(B, H, W, 3)``, as ours takes them."""
        images: Array = from_nchw(self.images)
        return images


OFFICIAL = Official("eval")
TRAINING = Official("train")
"""The same weights and images."""
