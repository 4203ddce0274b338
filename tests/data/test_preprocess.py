"""Preprocessing against transformers' and torchvision's arithmetic."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from PIL import Image
from transformers.models.convnext.image_processing_pil_convnext import (
    ConvNextImageProcessorPil,
)

from minicvt.data.preprocess import FILTERS, IMAGENET_MEAN, IMAGENET_STD, Preprocess
from minicvt.data.processor import from_processor
from minicvt.errors import CheckpointError, OptionError, PictureError, UnknownName

GREY_LEVELS = 0.01


def noise(height: int, width: int) -> np.ndarray:
    rng = np.random.default_rng(height * 1000 + width)
    return rng.integers(0, 256, (height, width, 3), dtype=np.uint8)


def theirs(picture: np.ndarray, **config: Any) -> tuple[np.ndarray, dict[str, Any]]:
    processor = ConvNextImageProcessorPil(**config)
    said = {"return_tensors": "np", "input_data_format": "channels_last"}
    values = processor(picture, **said)["pixel_values"][0]
    return np.moveaxis(values, 0, -1), processor.to_dict()


@given(
    height=st.integers(1, 90),
    width=st.integers(1, 90),
    size=st.sampled_from([7, 16, 32, 55, 383, 384]),
    crop_pct=st.sampled_from([0.875, 224 / 256, 0.9, 0.95, 1.0]),
    resample=st.sampled_from(range(len(FILTERS))),
)
def test_equal_to_transformers(
    height: int, width: int, size: int, crop_pct: float, resample: int
):
    assume(max(height, width) < 8 * min(height, width))
    expected, config = theirs(
        picture := noise(height, width),
        size={"shortest_edge": size},
        crop_pct=crop_pct,
        resample=resample,
        image_mean=list(IMAGENET_MEAN),
        image_std=list(IMAGENET_STD),
    )
    ours = from_processor(config)(picture)
    assert ours.shape == expected.shape == (size, size, 3)
    assert ours.dtype == expected.dtype == np.float32
    assert (np.abs(ours - expected) * IMAGENET_STD).max() * 255 <= GREY_LEVELS


def test_what_a_configuration_leaves_out_is_as_transformers_has_it():
    expected, _ = theirs(picture := noise(50, 70))
    np.testing.assert_array_equal(from_processor({})(picture), expected)


def test_published_configurations():
    old = {"crop_pct": 0.875, "resample": 3, "size": 224}  # as on the hub in 2022
    new = {"crop_pct": 0.875, "resample": 3, "size": {"shortest_edge": 224}}
    scale = {"image_mean": list(IMAGENET_MEAN), "image_std": list(IMAGENET_STD)}
    official = replace(Preprocess.official(224), even=False)
    assert from_processor(old | scale) == from_processor(new | scale) == official
    squashed = from_processor(scale | {"size": {"shortest_edge": 384}})
    assert squashed == replace(Preprocess.official(384), even=False)
    assert squashed.crop_pct is None
    both = {"size": {"height": 32, "width": 32}, "crop_pct": None}
    assert from_processor(scale | both).crop_pct is None


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"do_normalize": False}, "do_normalize is False, known is True"),
        ({"do_center_crop": True}, "do_center_crop is True, known is False"),
        ({"rescale_factor": 1.0}, "rescale_factor is 1.0"),
        ({"size": {"height": 3, "width": 4}}, "expected a square size"),
        ({"size": {"longest_edge": 3}}, "shortest_edge"),
        ({"size": "large"}, "preprocessing: "),
        ({"size": 0}, r"expected a size in \[1, 4096\]"),
        ({"size": 24.5}, "expected a size in"),
        ({"size": 10**9}, "expected a size in"),
        ({"image_mean": ["a", "b", "c"]}, "preprocessing: "),
        ({"size": 24, "crop_pct": 0}, "crop_pct in"),
        ({"resample": 9}, "preprocessing: "),
        ({"image_mean": [0.5]}, "expected one or three means and as many"),
        ({"image_std": "much"}, "preprocessing: "),
        ({"image_std": [0.5, 0.5, 0]}, "spreads, none 0"),
    ],
)
def test_configurations_refused(config: dict[str, Any], message: str):
    with pytest.raises(CheckpointError, match=message):
        from_processor(config)


@pytest.mark.parametrize(("height", "width"), [(300, 375), (375, 300), (256, 261)])
def test_bare_states_are_cropped_as_torchvision_does(height: int, width: int):
    """torchvision: Resize(256), then CenterCrop from ``round((side - 224) / 2)``."""
    picture = noise(height, width)
    short = min(height, width)
    sides = tuple(int(256 * side / short) for side in (height, width))
    resized = Image.fromarray(picture).resize(sides[::-1], Image.Resampling.BICUBIC)
    top, left = (round((side - 224) / 2.0) for side in sides)
    crop = np.asarray(resized)[top : top + 224, left : left + 224]
    expected = (crop / 255 - IMAGENET_MEAN) / IMAGENET_STD
    ours = Preprocess.official(224)(picture)
    assert np.abs(ours - expected).max() < 1e-6


def test_odd_margins_are_halved_to_even_or_downwards():
    picture = noise(256, 227 + 32)  # a margin of 35 at the sides: 17.5
    even, down = (replace(Preprocess(), even=e).crop(picture) for e in (True, False))
    np.testing.assert_array_equal(even[:, :-1], down[:, 1:])


def test_384_squashes():
    picture = noise(100, 300)
    size = (384, 384)
    expected = Image.fromarray(picture).resize(size, Image.Resampling.BICUBIC)
    np.testing.assert_array_equal(Preprocess.official(384).crop(picture), expected)


def test_another_size():
    assert Preprocess.official(224).at(384) == Preprocess.official(384)
    assert Preprocess.official(384).at(224) == Preprocess.official(224)
    assert Preprocess(32, 1.0).at(64) == Preprocess(64, 1.0)


def test_one_mean_makes_pictures_grey():
    picture = noise(8, 8)
    grey = Preprocess(8, 1.0, mean=(1.0,), std=(-0.5,))(picture)
    assert grey.shape == (8, 8, 1)
    luminance = np.round(picture @ [0.299, 0.587, 0.114]) / 255
    assert np.abs(grey[..., 0] - (1 - luminance) / 0.5).max() < 2.01 / 255


def test_the_input_is_left_alone():
    picture = noise(9, 6)
    before = picture.copy()
    Preprocess(4)(picture)
    np.testing.assert_array_equal(picture, before)


def test_strips():
    assert Preprocess(32)(noise(1, 200)).shape == (32, 32, 3)
    with pytest.raises(PictureError, match="400000 x 1 pixels: too narrow to crop"):
        Preprocess()(np.zeros((1, 400_000, 3), np.uint8))


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"size": 0}, OptionError),
        ({"crop_pct": 1.5}, OptionError),
        ({"resample": "bicubik"}, UnknownName),
        ({"mean": (0.5, 0.5), "std": (1.0, 1.0)}, OptionError),
        ({"std": (1.0,)}, OptionError),
        ({"std": (1.0, 0.0, 1.0)}, OptionError),
    ],
)
def test_options_refused(options: dict[str, Any], error: type[Exception]):
    with pytest.raises(error):
        Preprocess(**options)


def test_it_says_what_it_does():
    assert str(Preprocess.official(224)) == (
        "shorter side to 256 (bicubic), centre 224 x 224, ImageNet's mean and spread"
    )
    assert str(Preprocess.official(384)).startswith("squashed to 384 x 384 (bicubic)")
    grey = Preprocess(8, 1.0, "box", (1.0,), (-0.5,))
    assert str(grey).endswith("grey, mean 1, spread -0.5")
