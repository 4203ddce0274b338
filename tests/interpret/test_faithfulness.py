"""Deletion, pointing and their tables, where the answer is known."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from minicvt import models
from minicvt.errors import OptionError
from minicvt.interpret import commands
from minicvt.interpret.faithfulness import UNTRAINED, deletion, orders, pointing
from minicvt.interpret.report import Study, Trial, paragraphs, verdicts
from minicvt.tensor import Tensor


class SeesOnePatch:
    """Stand for a model: class 1 as long as the patch in row 1, column 2 is bright."""

    training = False

    def named_modules(self) -> list[tuple[str, Any]]:
        return [("", self)]

    def eval(self) -> None:
        pass

    def __call__(self, images: np.ndarray) -> Tensor:
        bright = images[:, 4:8, 8:12].mean(axis=(1, 2, 3)) > 0.5
        return Tensor(np.stack([np.zeros(len(images)), 2000 * bright - 1000.0], axis=1))


def bright_patch() -> np.ndarray:
    images = np.zeros((2, 12, 16, 3))
    images[:, 4:8, 8:12] = 1
    return images


def test_deletion_counts_how_long_the_class_survives() -> None:
    """Of 12 patches the one that matters goes first, or last."""
    images = bright_patch()
    first, last = images[..., 0], -images[..., 0]
    np.testing.assert_allclose(deletion(SeesOnePatch(), images, first), 0.5 / 12)
    np.testing.assert_allclose(deletion(SeesOnePatch(), images, last), 11.5 / 12)


def test_deletion_puts_the_mean_colour_there() -> None:
    seen = []

    class Remembers(SeesOnePatch):
        def __call__(self, images: np.ndarray) -> Tensor:
            seen.append(images)
            return super().__call__(images)

    images = np.random.default_rng(0).uniform(size=(2, 8, 12, 3))
    deletion(Remembers(), images, np.ones((2, 8, 12)))
    mean = images.mean(axis=(1, 2))
    np.testing.assert_array_equal(seen[1], images)
    np.testing.assert_allclose(seen[2][:, :4, :4].mean(axis=(1, 2)), mean)
    np.testing.assert_array_equal(seen[2][:, 4:], images[:, 4:])
    np.testing.assert_allclose(
        seen[-1], np.broadcast_to(mean[:, None, None], (2, 8, 12, 3))
    )


def test_pointing_is_half_open() -> None:
    maps = np.zeros((4, 6, 7))
    for i, place in enumerate([(1, 2), (3, 4), (4, 4), (3, 5)]):
        maps[i][place] = 1
    boxes = np.tile([1, 2, 4, 5], (4, 1))
    assert pointing(maps, boxes).tolist() == [True, True, False, False]


def test_orders_know_nothing_or_something() -> None:
    model = models.build("cvt-rgb32", seed=7)
    images = np.random.default_rng(0).normal(size=(3, 32, 32, 3)).astype(np.float32)
    maps = orders(model, images)
    counts = {name: len(versions) for name, versions in maps.items()}
    assert counts == {
        "rollout": 1,
        "last stage": 1,
        "last block": 1,
        "untrained rollout": UNTRAINED,
        "contrast": 1,
        "brightness": 1,
        "random": UNTRAINED,
    }
    everything = [one for versions in maps.values() for one in versions]
    assert all(one.shape == (3, 32, 32) for one in everything)
    distinct = {one.tobytes() for one in everything}
    assert len(distinct) == len(everything)
    again = orders(model, images)
    np.testing.assert_array_equal(again["random"][3], maps["random"][3])
    grey = images - images.mean(axis=(1, 2), keepdims=True)
    np.testing.assert_allclose(maps["contrast"][0], np.abs(grey).sum(-1), rtol=1e-6)


def trial(order: str, area: float, point: float, versions: int = 1) -> Trial:
    rng = np.random.default_rng(len(order))
    shape = (versions, 80)
    return Trial(order, rng.normal(area, 0.05, shape), rng.random(shape) < point)


def test_verdicts_name_the_winner_and_who_cannot_be_told_from_it() -> None:
    noise = np.random.default_rng(0).normal(0, 0.05, 80)
    close = trial("rollout", 0.1, 0.9)
    close.areas[0] = noise
    near = Trial("last stage", close.areas + noise[::-1] / 20 + 1e-4, close.points)
    far = trial("random", 0.4, 0.1, versions=6)
    found = Study([close, near, far], np.arange(80))
    area, point = verdicts(found)
    assert area.endswith("that of rollout; not told apart from it: last stage.")
    assert point.endswith("by rollout; not told apart from it: last stage.")
    text = "\n".join(paragraphs(found))
    assert "random: the 6 versions have areas" in text
    assert "rollout minus" in text
    alone = Study([close, far], np.arange(80))
    assert verdicts(alone)[0].endswith("that of rollout; it wins alone.")


def test_a_task_without_boxes_is_refused() -> None:
    with pytest.raises(
        OptionError, match="cvt-c8w-digits8: its task digits8 has no boxes"
    ):
        commands.faithful(["cvt-c8w-digits8"])
