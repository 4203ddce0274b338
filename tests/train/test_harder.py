"""A task that gets harder as training goes on resumes to the same bits."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from minicvt.data import Dataset
from minicvt.files import read_tensors
from minicvt.train import Epoch, fit
from tests.train.tiny import tiny_data, tiny_model, tiny_recipe


class Darkening(Dataset):
    """The tiny task, whose images lose contrast with progress."""

    def epoch(self, rng: np.random.Generator, progress: float = 1.0) -> Any:
        images, labels = super().epoch(rng, progress)
        seen.append(progress)
        return images * np.float32(1 - progress / 2), labels


seen: list[float] = []


def data() -> Darkening:
    tiny = tiny_data()
    return Darkening(**{f.name: getattr(tiny, f.name) for f in fields(tiny)})


def stop(epoch: Epoch) -> None:
    if epoch.epoch == 2:
        raise KeyboardInterrupt


def test_progress_and_weights_are_those_of_an_unbroken_run(tmp_path: Path) -> None:
    recipe = tiny_recipe(epochs=4)
    seen.clear()
    fit(tiny_model(recipe), data(), recipe, checkpoint=tmp_path / "straight")
    assert seen == [0, 0.25, 0.5, 0.75]
    with pytest.raises(KeyboardInterrupt):
        fit(
            tiny_model(recipe), data(), recipe, checkpoint=tmp_path / "b", on_epoch=stop
        )
    seen.clear()
    fit(tiny_model(recipe), data(), recipe, checkpoint=tmp_path / "b")
    assert seen == [0.5, 0.75]
    (straight, _), (broken, _) = map(
        read_tensors, (tmp_path / "straight", tmp_path / "b")
    )
    assert straight.keys() == broken.keys()
    for name, array in straight.items():
        np.testing.assert_array_equal(broken[name], array)
