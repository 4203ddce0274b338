"""The official CvT code on three tiny configurations, float64, as files.

Made from microsoft/CvT f851e68 with random inputs; tests/data/cvt/*.json say how.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import load_file

import minicvt as mc

FOLDER = Path(__file__).parents[1] / "data" / "cvt"
NAMES = ("a1_dwbn", "a2_avg", "a3_linear")


@dataclass(frozen=True, eq=False)
class Fixture:
    """One configuration: its constructor arguments, state, inputs and answers."""

    meta: dict[str, Any]
    state: dict[str, Any]
    values: dict[str, Any]

    def model(self, dtype: str = "float64") -> Any:
        """Build our model and load the official state into it."""
        spec = self.meta["spec"]
        model = mc.models.build(
            "cvt-13",
            dtype=dtype,
            num_classes=self.meta["num_classes"],
            dims=spec["DIM_EMBED"],
            depths=spec["DEPTH"],
            heads=spec["NUM_HEADS"],
            mlp_ratios=spec["MLP_RATIO"],
            projection=spec["QKV_PROJ_METHOD"],
            drop_path=0.0,
        )
        model.load_state_dict(self.state)
        return model

    def images(self, dtype: str = "float64") -> Any:
        """Return the input, channels last."""
        return mc.from_nchw(self.values["x"]).astype(dtype)

    def is_zero(self, key: str) -> bool:
        """Whether the gradient ``key`` is zero whatever the weights."""
        return key in self.meta["structurally_zero_grads"]


@cache
def fixture(name: str) -> Fixture:
    """Read one fixture."""
    meta = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    state = load_file(FOLDER / f"{name}.state.safetensors")
    with np.load(FOLDER / f"{name}.io.npz") as file:
        return Fixture(meta, state, dict(file))
