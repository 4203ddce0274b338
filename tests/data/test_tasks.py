"""Digits at twice the size, in pairs, and roaming."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch.nn.functional import interpolate

from minicvt.data import DATASETS, Dataset, digits, load, logistic_regression
from minicvt.data.digits import scans
from minicvt.data.tasks import doubled, draw_pairs, draw_places

SHAPES = {
    "digits16": (1437, 16, 16, 1),
    "pair8": (2048, 8, 16, 1),
    "roam16": (2048, 16, 16, 1),
}
DRAWN = ("pair8", "roam16")


def key(digit: np.ndarray) -> tuple[tuple[int, ...], bytes]:
    """What a digit is wherever it lies: its ink without the paper around it."""
    ink = digit[..., 0] > 0
    rows, columns = (np.flatnonzero(ink.any(axis=axis)) for axis in (1, 0))
    tight = digit[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    return tight.shape, tight.tobytes()


def halves(images: np.ndarray) -> list[np.ndarray]:
    return [half for image in images for half in np.split(image, 2, axis=1)]


def found(name: str, images: np.ndarray) -> set[tuple[tuple[int, ...], bytes]]:
    """The scans that some images of a task show."""
    return {key(digit) for digit in (halves(images) if name == "pair8" else images)}


def labelled(data: Dataset) -> dict[tuple[tuple[int, ...], bytes], int]:
    """The digit of every scan, at the scale of ``data``."""
    images = np.concatenate([data.train_images, data.test_images])
    labels = np.concatenate([data.train_labels, data.test_labels])
    return {key(x): int(y) for x, y in zip(images, labels, strict=True)}


@pytest.mark.parametrize("name", SHAPES)
def test_shapes_and_scale(name: str) -> None:
    data = load(name)
    assert data.train_images.shape == SHAPES[name]
    assert data.test_images.shape[1:] == SHAPES[name][1:]
    for images in (data.train_images, data.test_images):
        assert images.dtype == np.float32
        assert images.min() == 0
        assert images.max() == pytest.approx(digits().train_images.max())
    assert data.name == name
    assert set(data.test_labels) == set(range(len(data.classes)))


@pytest.mark.parametrize("name", SHAPES)
def test_the_seed_decides_everything(name: str) -> None:
    first, again, other = load(name, 3), load(name, 3), load(name, 4)
    for part in ("train_images", "train_labels", "test_images", "test_labels"):
        np.testing.assert_array_equal(getattr(first, part), getattr(again, part))
        assert not np.array_equal(getattr(first, part), getattr(other, part))
    epochs = [first.epoch(np.random.default_rng(s))[0] for s in (1, 1, 2)]
    np.testing.assert_array_equal(epochs[0], epochs[1])
    assert not np.array_equal(epochs[0], epochs[2])


@pytest.mark.parametrize("name", DRAWN)
def test_no_test_digit_is_trained_on(name: str) -> None:
    data, whole = load(name, 2), digits(2)
    train, test = ({*map(key, x)} for x in (whole.train_images, whole.test_images))
    assert not train & test
    assert found(name, data.test_images) <= test
    seen = found(name, data.train_images)
    for seed in range(3):
        seen |= found(name, data.epoch(np.random.default_rng(seed))[0])
    assert seen <= train
    assert len(seen) > 0.98 * len(train)
    shown = data.test_images[:, :, :8] if name == "pair8" else data.test_images
    scan = whole.test_images[data.test_scans]
    assert [*map(key, shown)] == [*map(key, scan)]


def test_twice_the_size_is_pytorchs() -> None:
    images = np.random.default_rng(0).normal(size=(3, 5, 4, 1))
    channels_first = torch.tensor(images).permute(0, 3, 1, 2)
    theirs = interpolate(channels_first, scale_factor=2, mode="bilinear")
    np.testing.assert_allclose(
        doubled(images), theirs.permute(0, 2, 3, 1).numpy(), rtol=0, atol=1e-15
    )


def test_digits16_is_the_split_of_digits8() -> None:
    small, large = digits(1), load("digits16", 1)
    np.testing.assert_array_equal(large.test_labels, small.test_labels)
    np.testing.assert_array_equal(large.train_images, doubled(small.train_images))
    moved, _ = large.epoch(np.random.default_rng(0))
    assert moved.shape == large.train_images.shape
    assert not np.array_equal(moved, large.train_images)


def test_the_label_of_a_pair_is_whether_the_left_is_larger() -> None:
    data, digit = load("pair8"), labelled(digits())
    images, labels = data.epoch(np.random.default_rng(5))
    images = np.concatenate([images, data.test_images])
    labels = np.concatenate([labels, data.test_labels])
    for image, label in zip(images, labels, strict=True):
        left, right = (digit[key(half)] for half in np.split(image, 2, axis=1))
        assert left != right
        assert label == (left > right)
        assert data.classes[label].startswith("left" if left > right else "right")


def test_swapping_the_halves_of_a_pair_flips_its_label() -> None:
    """So what is the same for both orders, a sum, says nothing about the label."""
    data = load("pair8", 1)
    assert data.test_labels.mean() == pytest.approx(0.5, abs=0.04)

    def sums(images: np.ndarray) -> np.ndarray:
        return images[:, :, :8] + images[:, :, 8:]

    blind = replace(
        digits(1),
        train_images=sums(data.train_images),
        train_labels=data.train_labels,
        test_images=sums(data.test_images),
        test_labels=data.test_labels,
    )
    assert logistic_regression(blind) == pytest.approx(0.5, abs=0.05)


def test_all_ordered_pairs_are_as_likely() -> None:
    """Whatever the share of a digit: here every other scan is a 2."""
    labels = np.array([2, 0, 2, 1, 2, 2, 0, 2])
    images = np.arange(8.0).reshape(8, 1, 1, 1)
    drawn = draw_pairs(images, labels, 6000, np.random.default_rng(0))
    left, right = (labels[drawn.images[:, 0, i, 0].astype(int)] for i in (0, 1))
    np.testing.assert_array_equal(drawn.labels, left > right)
    counts = np.bincount(3 * left + right, minlength=9).reshape(3, 3)
    assert (counts.diagonal() == 0).all()
    assert (abs(counts[~np.eye(3, dtype=bool)] - 1000) < 120).all()
    scans = np.bincount(drawn.scans, minlength=8)
    assert (abs(scans[labels == 2] - 400) < 80).all()


def test_a_roaming_digit_reaches_all_81_places_on_paper() -> None:
    ink = np.random.default_rng(1).uniform(1, 2, size=(4, 8, 8, 1))
    drawn = draw_places(ink, np.arange(4), 5000, np.random.default_rng(0))
    places = set()
    for image, label, scan in zip(*drawn, strict=True):
        rows, columns = (np.flatnonzero(image[..., 0].any(axis=a)) for a in (1, 0))
        top, left = rows[0], columns[0]
        expected = np.zeros((16, 16, 1))
        expected[top : top + 8, left : left + 8] = ink[scan]
        np.testing.assert_array_equal(image, expected)
        assert label == scan
        places.add((top, left))
    assert places == {(top, left) for top in range(9) for left in range(9)}


def test_scans_are_all_different() -> None:
    """Else a split could put one digit on both sides."""
    images, _ = scans()
    assert len({image.tobytes() for image in images}) == len(images)


def test_tasks_that_draw_anew_say_so() -> None:
    fresh = {name for name in DATASETS if load(name).fresh}
    assert fresh == {*DRAWN, "composites-easy", "composites-mid"}
