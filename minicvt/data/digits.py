"""Scikit-learn's 1797 handwritten digits of 8 x 8 pixels."""

from __future__ import annotations

import numpy as np

from minicvt.data.dataset import Dataset, shift
from minicvt.data.streams import stream
from minicvt.errors import MissingPackage
from minicvt.kernels.types import Array

TEST_DIGITS = 360
INK = 16  # each pixel counts the set dots of a 4 x 4 cell of the scan: 0..16


def digits(seed: int = 0) -> Dataset:
    """Real digits, 1437 to train on and 360 to test on, split anew for each seed.

    Pixels are divided by the standard deviation of the training pixels, but not
    centred: paper stays exactly 0, so that the zeros a convolution pads with, and
    those an augmenting shift of one pixel brings in, are paper too. Raises
    ``MissingPackage`` where scikit-learn is missing.
    """
    images, labels = scans()
    order = stream(seed, "split").permutation(len(images))
    test, train = order[:TEST_DIGITS], order[TEST_DIGITS:]
    images /= images[train].std()
    return Dataset(
        name="digits8",
        train_images=images[train],
        train_labels=labels[train],
        test_images=images[test],
        test_labels=labels[test],
        classes=tuple("0123456789"),
        augment=shift,
    )


def scans() -> tuple[Array, Array]:
    """Return all images ``(1797, 8, 8, 1)`` and labels, in the order they came.

    The first 1437 and the last 360 are by different writers. Raises
    ``MissingPackage`` where scikit-learn is missing.
    """
    try:
        from sklearn.datasets import load_digits
    except ImportError as error:
        raise MissingPackage(
            "the digits come with scikit-learn, which is not installed: "
            'pip install "minicvt[tour]"'
        ) from error
    bunch = load_digits()
    images = (bunch.images / INK).astype(np.float32)[..., None]
    return images, bunch.target.astype(np.int64)
