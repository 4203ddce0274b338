"""The digits, their split and shift, and batches."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from sklearn.datasets import load_digits

from minicvt.data import Dataset, batch_count, batches, digits, load, shift, stream
from minicvt.errors import MissingPackage, OptionError, ShapeError, UnknownName


def test_digits_are_all_there_once() -> None:
    data = digits(seed=3)
    assert data.train_images.shape == (1437, 8, 8, 1)
    assert data.test_images.shape == (360, 8, 8, 1)
    assert data.train_images.dtype == np.float32
    images = np.concatenate([data.train_images, data.test_images])
    labels = np.concatenate([data.train_labels, data.test_labels])
    bunch = load_digits()
    pixels = np.round(images * (16 / images.max())).reshape(len(images), -1)
    ours = sorted((*row, y) for row, y in zip(pixels, labels, strict=True))
    theirs = sorted((*row, y) for row, y in zip(bunch.data, bunch.target, strict=True))
    np.testing.assert_array_equal(ours, theirs)


def test_paper_is_zero_and_the_training_pixels_have_unit_spread() -> None:
    data = digits()
    assert data.train_images.min() == data.test_images.min() == 0
    assert data.train_images.std() == pytest.approx(1, abs=1e-6)


def test_the_seed_decides_the_split() -> None:
    first, again, other = digits(0), digits(0), digits(1)
    np.testing.assert_array_equal(first.test_images, again.test_images)
    assert not np.array_equal(first.test_labels, other.test_labels)


def test_load_by_name_and_the_nearest_name() -> None:
    np.testing.assert_array_equal(load("digits8", 2).test_labels, digits(2).test_labels)
    with pytest.raises(UnknownName, match="digits8"):
        load("digit8")


def test_without_scikit_learn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sklearn.datasets", None)
    with pytest.raises(MissingPackage, match=r'pip install "minicvt\[tour\]"'):
        digits()


def test_shift_moves_each_image_and_fills_with_zeros() -> None:
    rng = np.random.default_rng(5)
    images = rng.uniform(1, 2, size=(200, 5, 4, 2)).astype(np.float32)
    moved = shift(images, rng)
    assert moved.dtype == np.float32
    seen = set()
    for image, result in zip(images, moved, strict=True):
        matches = [
            (dy, dx)
            for dy in (-1, 0, 1)
            for dx in (-1, 0, 1)
            if np.array_equal(_moved(image, dy, dx), result)
        ]
        assert len(matches) == 1
        seen.update(matches)
    assert len(seen) == 9


def _moved(image: np.ndarray, dy: int, dx: int) -> np.ndarray:
    """Move by plain indexing, one pixel at a time."""
    height, width, _ = image.shape
    out = np.zeros_like(image)
    for y in range(height):
        for x in range(width):
            if 0 <= y + dy < height and 0 <= x + dx < width:
                out[y, x] = image[y + dy, x + dx]
    return out


def test_epoch_is_a_function_of_the_generator() -> None:
    data = digits()
    first, labels = data.epoch(np.random.default_rng(1))
    again, _ = data.epoch(np.random.default_rng(1))
    other, _ = data.epoch(np.random.default_rng(2))
    np.testing.assert_array_equal(first, again)
    np.testing.assert_array_equal(labels, data.train_labels)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize(("drop_last", "sizes"), [(True, [4, 4]), (False, [4, 4, 2])])
def test_batches(drop_last: bool, sizes: list[int]) -> None:
    images = np.arange(10.0).reshape(10, 1, 1, 1)
    rng = np.random.default_rng(0)
    pairs = list(batches(images, np.arange(10), 4, rng, drop_last=drop_last))
    assert [len(y) for _, y in pairs] == sizes
    for x, y in pairs:
        np.testing.assert_array_equal(x.ravel(), y)
    labels = np.concatenate([y for _, y in pairs])
    assert len(set(labels.tolist())) == sum(sizes)
    assert labels.tolist() != sorted(labels)


def test_no_batch_at_all_is_refused() -> None:
    assert batch_count(10, 64, drop_last=False) == 1
    with pytest.raises(OptionError, match="batch_size 64 leaves no batch of 10"):
        batch_count(10, 64)


def test_images_and_labels_must_fit() -> None:
    images, labels = np.zeros((3, 8, 8, 1), np.float32), np.zeros(3, np.int64)
    with pytest.raises(ShapeError, match=r"test images.*\(3, 8, 8, 1\) and \(2,\)"):
        Dataset("mine", images, labels, images, labels[:2], ("0",))


def test_streams_differ_by_purpose_and_seed() -> None:
    draws = {
        stream(seed, purpose).integers(2**60)
        for seed in (0, 1)
        for purpose in ("split", "order", "augmentation")
    }
    assert len(draws | {np.random.default_rng(0).integers(2**60)}) == 7
    assert stream(0, "order").integers(2**60) in draws
