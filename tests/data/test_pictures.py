"""Pictures in files: every mode, orientation and kind of damage."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from minicvt.data.pictures import read_picture
from minicvt.errors import MissingPackage, PictureError

ORIENTATION = 0x0112


@pytest.fixture
def pixels() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (7, 5, 3), dtype=np.uint8)


def written(path: Path, image: Image.Image, **options: object) -> Path:
    image.save(path, **options)
    return path


def test_rgb_is_what_it_was(tmp_path: Path, pixels: np.ndarray):
    for name in ("a.png", "a.bmp"):
        path = written(tmp_path / name, Image.fromarray(pixels))
        np.testing.assert_array_equal(read_picture(path), pixels)
    path = written(tmp_path / "a.webp", Image.fromarray(pixels), lossless=True)
    np.testing.assert_array_equal(read_picture(path), pixels)


def test_the_content_tells_the_format_not_the_name(tmp_path: Path, pixels: np.ndarray):
    path = written(tmp_path / "a.jpg", Image.fromarray(pixels), format="PNG")
    np.testing.assert_array_equal(read_picture(path), pixels)


@pytest.mark.parametrize("shape", [(1, 1), (1, 40), (40, 1)])
def test_tiny(tmp_path: Path, shape: tuple[int, int]):
    path = written(tmp_path / "a.jpg", Image.new("RGB", shape[::-1], (200, 0, 0)))
    picture = read_picture(path)
    assert picture.shape == (*shape, 3)
    assert picture.dtype == np.uint8
    assert np.abs(picture - np.array([200.0, 0, 0])).max() <= 2


@pytest.mark.parametrize(
    ("orientation", "turned"),
    [
        (1, lambda a: a),
        (2, lambda a: a[:, ::-1]),
        (3, lambda a: a[::-1, ::-1]),
        (4, lambda a: a[::-1]),
        (5, lambda a: a.transpose(1, 0, 2)),
        (6, lambda a: np.rot90(a, -1)),
        (7, lambda a: a[::-1, ::-1].transpose(1, 0, 2)),
        (8, lambda a: np.rot90(a, 1)),
    ],
)
def test_orientation(tmp_path: Path, pixels: np.ndarray, orientation: int, turned):
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    path = written(tmp_path / "a.png", Image.fromarray(pixels), exif=exif)
    np.testing.assert_array_equal(read_picture(path), turned(pixels))
    np.testing.assert_array_equal(read_picture(path, upright=False), pixels)


def test_grey_and_black_and_white(tmp_path: Path, pixels: np.ndarray):
    grey = pixels[..., 0]
    path = written(tmp_path / "grey.png", Image.fromarray(grey))
    np.testing.assert_array_equal(read_picture(path), np.dstack([grey] * 3))
    path = written(tmp_path / "bits.png", Image.fromarray(grey > 127))
    np.testing.assert_array_equal(read_picture(path)[..., 1], 255 * (grey > 127))


def test_sixteen_bits_keep_the_upper_eight(tmp_path: Path):
    deep = np.linspace(0, 65535, 35).astype(np.uint16).reshape(5, 7)
    path = written(tmp_path / "deep.png", Image.fromarray(deep))
    np.testing.assert_array_equal(read_picture(path), np.dstack([deep >> 8] * 3))


def test_palette(tmp_path: Path, pixels: np.ndarray):
    image = Image.fromarray(pixels).quantize(16)
    expected = np.asarray(image.convert("RGB"))
    for name in ("a.png", "a.gif"):
        np.testing.assert_array_equal(
            read_picture(written(tmp_path / name, image)), expected
        )


def test_what_is_transparent_lies_over_white(tmp_path: Path, pixels: np.ndarray):
    alpha = np.linspace(0, 255, 35).astype(np.uint8).reshape(7, 5, 1)
    image = Image.fromarray(np.concatenate([pixels, alpha], axis=2))
    over = 255 + (pixels - 255.0) * (alpha / 255)
    read = read_picture(written(tmp_path / "rgba.png", image))
    assert np.abs(read - over).max() <= 1
    read = read_picture(written(tmp_path / "la.png", image.convert("LA")))
    grey = np.asarray(image.convert("LA"), float)[..., :1]
    assert np.abs(read - (255 + (grey - 255) * (alpha / 255))).max() <= 1


def test_a_transparent_colour_of_a_palette_or_of_rgb(tmp_path: Path):
    image = Image.new("RGB", (4, 3), (10, 20, 30))
    image.putpixel((2, 1), (0, 200, 0))
    path = written(tmp_path / "rgb.png", image, transparency=(10, 20, 30))
    expected = np.full((3, 4, 3), 255)
    expected[1, 2] = (0, 200, 0)
    np.testing.assert_array_equal(read_picture(path), expected)
    palette = image.quantize(2)
    clear = palette.getpixel((0, 0))
    path = written(tmp_path / "p.png", palette, transparency=clear)
    np.testing.assert_array_equal(read_picture(path), expected)


def test_cmyk_of_a_printer(tmp_path: Path):
    image = Image.new("CMYK", (8, 8), (0, 255, 255, 0))  # all magenta and yellow: red
    red = read_picture(written(tmp_path / "cmyk.jpg", image))
    assert np.abs(red - np.array([255.0, 0, 0])).max() <= 3


def test_an_animation_shows_its_first_frame(tmp_path: Path):
    first, second = (Image.new("RGB", (3, 3), c) for c in ("red", "blue"))
    path = tmp_path / "a.gif"
    first.save(path, save_all=True, append_images=[second])
    assert (read_picture(path) == [255, 0, 0]).all()


@pytest.mark.parametrize("content", [b"", b"hello", b"%!PS-Adobe-3.0 EPSF-3.0\n"])
def test_no_picture(tmp_path: Path, content: bytes):
    path = tmp_path / "a.jpg"
    path.write_bytes(content)
    with pytest.raises(PictureError, match=r"a\.jpg: no picture \(known are JPEG"):
        read_picture(path)


def test_no_file(tmp_path: Path):
    with pytest.raises(FileNotFoundError):
        read_picture(tmp_path / "a.jpg")


def test_without_pillow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "PIL", None)
    with pytest.raises(MissingPackage, match=r'pip install "minicvt\[tour\]"'):
        read_picture(tmp_path / "a.jpg")


def test_too_large_to_be_meant(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = written(tmp_path / "a.png", Image.new("L", (20, 20)))
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    with pytest.raises(PictureError, match="too large"):
        read_picture(path)


@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.webp", "a.gif", "a.bmp"])
def test_damage_is_one_line(tmp_path: Path, name: str):
    """Cut short or altered anywhere: a picture or a `PictureError`, nothing else."""
    rng = np.random.default_rng(1)
    noise = rng.integers(0, 256, (9, 12, 3), dtype=np.uint8)
    whole = io.BytesIO()
    Image.fromarray(noise).save(whole, format=name[2:].replace("jpg", "jpeg"))
    path, refused = tmp_path / name, []
    for trial in range(120):
        content = bytearray(whole.getvalue())
        if trial % 3:
            content[rng.integers(len(content))] = rng.integers(256)
        else:
            del content[rng.integers(len(content)) :]
        path.write_bytes(content)
        try:
            assert read_picture(path).dtype == np.uint8
        except PictureError as error:
            refused.append(str(error))
    assert len(refused) > 30
    assert all(message.startswith(f"{path}: ") for message in refused)
    assert not any("\n" in message for message in refused)
