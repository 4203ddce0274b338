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
GRADIENT = "eval/grad/"
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
    """One configuration with its state, images, logits and gradients."""

    name = "a1_dwbn"

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
        """Images and what the official code made of them, in evaluation."""
        return load_file(FOLDER / f"{self.name}.eval.safetensors")

    @property
    def images(self) -> Array:
        """The images ``(B, 3, H, W)``, as the official code takes them."""
        return self.answers["x"].astype(np.float64)

    @property
    def logits(self) -> Array:
        """The logits ``(B, K)``."""
        return self.answers["eval/logits"]

    @property
    def gradients(self) -> dict[str, Array]:
        """Gradients of <cotangent, logits> by name, without that of the images."""
        found = self.answers.items()
        return {k.removeprefix(GRADIENT): v for k, v in found if k.startswith(GRADIENT)}

    @property
    def images_gradient(self) -> Array:
        """The gradient of the images, ``(B, 3, H, W)``."""
        return self.answers["eval/grad_x"]

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
        """Our model with the official weights, in evaluation mode."""
        model = self.config.build("float64").eval()
        model.load_state_dict(self.state)
        return model

    @property
    def channels_last(self) -> Array:
        """The images ``(B, H, W, 3)``, as ours takes them."""
        images: Array = from_nchw(self.images)
        return images


OFFICIAL = Official()
"""The only one that is shipped."""
