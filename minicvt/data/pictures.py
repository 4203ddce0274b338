"""Pictures in files, as arrays: upright, RGB, eight bits a channel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from minicvt.errors import MissingPackage, PictureError
from minicvt.files import StrPath
from minicvt.kernels.types import Array

if TYPE_CHECKING:
    from PIL.Image import Image

# Known by their content, whatever the file is called; no format that runs a program.
FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP")
SUFFIXES = (".jpg", ".jpeg", ".jpe", ".jfif", ".mpo", ".png", ".webp", ".gif", ".bmp")
WHITE = (255, 255, 255, 255)


def read_picture(path: StrPath, *, upright: bool = True) -> Array:
    """Read a picture as ``(H, W, 3)`` uint8.

    - ``upright``: turned and mirrored as its EXIF orientation says. Without, as it is
      stored, which is how torchvision's ImageFolder and so published accuracies
      have it.
    - What is transparent lies over white.
    - Grey and palettes become RGB. CMYK becomes RGB as Pillow has it, without colour
      profiles. Of sixteen bits the upper eight are kept, as Pillow does for colour.
    - Of an animation, the first frame.

    Raises ``PictureError`` for what is no picture, cut short or damaged,
    ``MissingPackage`` without Pillow, and ``OSError``.
    """
    pillow = pillow_image()
    with open(path, "rb") as file:
        # A damaged file makes decoders raise nearly anything: OSError, SyntaxError,
        # ValueError, struct.error, zlib.error, each in another corner of a format.
        try:
            image = pillow.open(file, formats=FORMATS)
            return np.asarray(_rgb(_upright(image) if upright else image))
        except pillow.DecompressionBombError as error:
            raise PictureError(f"{path}: too large: {error}") from error
        except pillow.UnidentifiedImageError as error:
            known = ", ".join(FORMATS)
            raise PictureError(f"{path}: no picture (known are {known})") from error
        except Exception as error:
            reason = " ".join(str(error).split()) or type(error).__name__
            raise PictureError(f"{path}: damaged picture: {reason}") from error


def pillow_image() -> Any:
    """Import ``PIL.Image``; raises ``MissingPackage`` where there is none."""
    try:
        from PIL import Image
    except ImportError as error:
        raise MissingPackage(
            "pictures are read by Pillow, which is not installed: "
            'pip install "minicvt[tour]"'
        ) from error
    return Image


def _upright(image: Image) -> Image:
    from PIL import ImageOps

    return ImageOps.exif_transpose(image)


def _rgb(image: Image) -> Image:
    pillow = pillow_image()
    if image.mode.startswith("I"):  # Pillow would clip at 255
        image = pillow.fromarray((np.asarray(image) >> 8).astype(np.uint8))
    if image.has_transparency_data:
        over = image.convert("RGBA")
        image = pillow.alpha_composite(pillow.new("RGBA", over.size, WHITE), over)
    return image.convert("RGB")
