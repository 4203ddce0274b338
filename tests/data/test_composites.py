"""Composites: where the digits are, what never meets, and what a seed decides."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from minicvt.data import Composites, composites, digits, load, photos
from minicvt.data.composites import (
    EPOCH,
    MEAN,
    SPREAD,
    STYLES,
    TEST,
    TEST_COLUMNS,
    TRAIN_COLUMNS,
    TRAIN_DIGITS,
    Scenes,
    Style,
)
from minicvt.data.digits import scans
from minicvt.data.placing import bilinear, crops, ink_boxes, placed
from minicvt.errors import MissingPackage

BLACK = [np.zeros((40, 50, 3), np.float32)]


@pytest.fixture(scope="module")
def mid() -> Composites:
    data = load("composites-mid")
    assert isinstance(data, Composites)
    return data


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_what_a_data_set_holds(mid: Composites) -> None:
    assert mid.name == "composites-mid"
    assert mid.test_images.shape == (TEST, 32, 32, 3)
    assert mid.train_images.shape == (EPOCH, 32, 32, 3)
    assert mid.test_images.dtype == np.float32
    pixels = mid.test_images * SPREAD + MEAN
    assert pixels.min() >= -1e-6
    assert pixels.max() <= 1 + 1e-6
    assert set(mid.test_labels) == set(range(10))


def test_an_epoch_is_a_function_of_its_generator_and_progress(mid: Composites) -> None:
    first, labels = mid.epoch(rng(1), 0.2)
    again, same = mid.epoch(rng(1), 0.2)
    np.testing.assert_array_equal(first, again)
    np.testing.assert_array_equal(labels, same)
    assert not np.array_equal(first, mid.epoch(rng(2), 0.2)[0])
    assert not np.array_equal(first, mid.epoch(rng(1), 0.3)[0])


def test_the_test_set_stays_whatever_the_seed(mid: Composites) -> None:
    other = composites("mid", seed=5)
    np.testing.assert_array_equal(mid.test_images, other.test_images)
    np.testing.assert_array_equal(mid.test_boxes, other.test_boxes)
    assert not np.array_equal(mid.train_images, other.train_images)


def test_digits_of_training_and_test_are_disjoint(mid: Composites) -> None:
    images, labels = scans()
    assert len(mid.scenes.digits) == TRAIN_DIGITS
    np.testing.assert_array_equal(mid.scenes.digits, images[:TRAIN_DIGITS, ..., 0])
    np.testing.assert_array_equal(
        mid.test_labels, labels[TRAIN_DIGITS:][mid.test_scans]
    )


def test_columns_of_training_and_test_are_disjoint() -> None:
    """Photos whose pixels say their column: no value occurs in both parts."""
    width = 640
    ruler = np.broadcast_to(np.arange(width)[None, :, None], (8, width, 3))
    parts = [
        set(photos._columns(ruler, *c).ravel()) for c in (TRAIN_COLUMNS, TEST_COLUMNS)
    ]
    assert not parts[0] & parts[1]
    assert max(parts[0]) < 0.6 * width
    assert min(parts[1]) >= 0.65 * width


def test_grounds_are_averages_of_three_photos() -> None:
    grounds = photos.grounds((0.0, 1.0))
    assert [ground.shape for ground in grounds[:3]] == [
        (427, 640, 3),
        (213, 320, 3),
        (142, 213, 3),
    ]
    assert len(grounds) == 9
    photo = grounds[0]
    np.testing.assert_allclose(
        grounds[2][4, 7], photo[12:15, 21:24].mean(axis=(0, 1)), rtol=1e-5
    )


def test_without_the_photos(monkeypatch: pytest.MonkeyPatch) -> None:
    photos.photos.cache_clear()
    monkeypatch.setitem(sys.modules, "PIL", None)
    with pytest.raises(
        MissingPackage, match=r'PIL is not .*pip install "minicvt\[tour'
    ):
        composites("easy")


def test_composites_begin_easy_and_become_what_was_asked_for() -> None:
    easy, mid = STYLES["easy"], STYLES["mid"]
    assert easy.towards(mid, 0) == easy
    assert easy.towards(mid, 1) == mid
    half = easy.towards(mid, 0.5)
    assert half.brightness == pytest.approx((0.475, 0.85))
    assert half.opacity == pytest.approx(0.975)
    grounds = [np.full((40, 40, 3), 0.8, np.float32)]
    bright = [
        scenes(grounds, mid).draw(200, rng(0), progress).images.mean()
        for progress in (0, 0.2, 0.4, 1)
    ]
    assert bright[0] < bright[1] < bright[2] == bright[3]


def scenes(grounds: list[np.ndarray], style: Style) -> Scenes:
    images, labels = scans()
    return Scenes(images[:, ..., 0], labels, grounds, style)


def test_boxes_are_tight_around_the_ink() -> None:
    """On black, what is bright is the digit."""
    style = Style(brightness=(0, 0), contrast=(0.7, 0.8))
    drawn = scenes(BLACK, style).draw(300, rng(3))
    bright = (drawn.images * SPREAD + MEAN).max(axis=3) > 0.3
    for seen, (top, left, bottom, right) in zip(bright, drawn.boxes, strict=True):
        outside = seen.copy()
        outside[top:bottom, left:right] = False
        assert not outside.any()
        assert seen[top:bottom, left:right].any()
    area = np.prod(drawn.boxes[:, 2:] - drawn.boxes[:, :2], axis=1) / 32**2
    assert 0.13 < area.mean() < 0.18


def test_tight_box_by_hand() -> None:
    ink = np.zeros((1, 6, 7))
    ink[0, 1, 2] = ink[0, 3, 5] = 1
    ink[0, 5, 0] = 0.1
    assert ink_boxes(ink).tolist() == [[1, 2, 4, 6]]


@pytest.mark.parametrize(("ground", "darker"), [(0.2, False), (0.9, True)])
def test_digits_stand_out_to_the_side_that_has_room(
    ground: float, darker: bool
) -> None:
    style = Style(brightness=(1, 1), contrast=(0.4, 0.6), opacity=0.95)
    grounds = [np.full((40, 40, 3), ground, np.float32)]
    drawn = scenes(grounds, style).draw(64, rng(4))
    change = (drawn.images * SPREAD + MEAN - ground).mean(axis=3)
    peak = np.abs(change).max(axis=(1, 2))
    assert (change.sum(axis=(1, 2)) < 0).all() == darker
    assert peak.min() > 0.1
    assert peak.max() <= 0.95 * 0.75 + 1e-5


def test_half_of_the_crops_are_mirrored_and_any_place_comes() -> None:
    ramp = np.broadcast_to(np.arange(36.0)[None, :, None], (34, 36, 1)).copy()
    cut = crops([ramp], 400, 32, rng())
    steps = cut[:, 0, 1, 0] - cut[:, 0, 0, 0]
    assert set(steps) == {-1.0, 1.0}
    assert 150 < (steps < 0).sum() < 250
    assert set(cut.min(axis=(1, 2, 3))) == {0.0, 1.0, 2.0, 3.0, 4.0}


def test_crops_choose_every_ground_alike() -> None:
    grounds = [np.full((n, n, 1), float(n)) for n in (32, 64, 200)]
    values = crops(grounds, 900, 32, rng())[:, 0, 0, 0]
    assert all(240 < (values == n).sum() < 360 for n in (32, 64, 200))


def test_bilinear_is_the_formula_and_zero_outside() -> None:
    pictures = rng().uniform(size=(2, 4, 5))
    y = np.array([[1.25, -0.5, 3.0], [0.0, 9.0, 2.5]])
    x = np.array([[2.5, 1.0, 4.0], [0.0, 1.0, 4.75]])
    found = bilinear(pictures, y, x)
    p, q = pictures
    first = 0.75 * (p[1, 2] + p[1, 3]) / 2 + 0.25 * (p[2, 2] + p[2, 3]) / 2
    last = (q[2, 4] + q[3, 4]) / 2 * 0.25
    expected = [[first, p[0, 1] / 2, p[3, 4]], [q[0, 0], 0, last]]
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_placed_squares_have_the_side_asked_for_and_stay_inside() -> None:
    full = np.ones((200, 8, 8), np.float32)
    ink = placed(full, 32, (14.0, 14.0), (0.0, 0.0), rng(6))
    # the edge ramps over one source pixel, which is 14 / 8 here: the sum is the area
    whole = (ink[:, 1:-1, 1:-1].sum(axis=(1, 2)) > 0) & (
        ink[:, [0, -1]].sum((1, 2)) == 0
    )
    whole &= ink[:, :, [0, -1]].sum(axis=(1, 2)) == 0
    assert whole.any()
    np.testing.assert_allclose(ink[whole].sum(axis=(1, 2)), 14**2, rtol=0.02)


def test_placed_turns_around_the_middle() -> None:
    """A half turn of one picture is that of the picture turned by indices."""
    picture = rng(1).uniform(size=(1, 8, 8)).astype(np.float32)
    half = placed(picture, 32, (16.0, 16.0), (180.0, 180.0), rng(2))
    turned = placed(picture[:, ::-1, ::-1], 32, (16.0, 16.0), (0.0, 0.0), rng(2))
    np.testing.assert_allclose(half, turned, atol=1e-5)
    quarter = placed(picture, 32, (16.0, 16.0), (90.0, 90.0), rng(2))
    assert not np.allclose(quarter, half, atol=1e-2)


def test_digits_share_their_scans_with_the_small_task() -> None:
    images, labels = scans()
    assert len(images) == len(digits().train_images) + len(digits().test_images)
    assert labels.dtype == np.int64
