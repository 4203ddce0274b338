"""The official CvT code on three tiny configurations, float64, as files.

Made from microsoft/CvT f851e68 with random inputs; a *.json says how. What ``minicvt
check`` ships of the first is read from there, the rest from tests/data/cvt.
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
from minicvt.verify.check import official

FOLDERS = (Path(__file__).parents[1] / "data" / "cvt", official.FOLDER)
NAMES = ("a1_dwbn", "a2_avg", "a3_linear")


@dataclass(frozen=True, eq=False)
class Fixture:
    """One configuration: its constructor arguments, state, inputs and answers."""

    meta: dict[str, Any]
    state: dict[str, Any]
    values: dict[str, Any]

    def model(self, dtype: str = "float64") -> Any:
        """Build our model and load the official state into it."""
        model = official.config_of(self.meta).build(dtype)
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
    meta = json.loads(found(f"{name}.json")[0].read_text(encoding="utf-8"))
    state = load_file(found(f"{name}.state.safetensors")[0])
    with np.load(found(f"{name}.io.npz")[0]) as file:
        values = dict(file)
    for mode in ("eval", "train"):
        for shipped in found(f"{name}.{mode}.safetensors"):
            values |= load_file(shipped)
    return Fixture(meta, state, values)


def found(name: str) -> list[Path]:
    """Return where a file is, if it is anywhere."""
    return [folder / name for folder in FOLDERS if (folder / name).exists()]
