"""What a linear classifier reaches on the same pixels: the number to beat."""

from __future__ import annotations

import numpy as np

from minicvt import threads
from minicvt.data.dataset import Dataset
from minicvt.data.streams import stream
from minicvt.errors import MissingPackage
from minicvt.kernels.types import Array

DRAWN_EPOCHS = 4  # of a task that draws anew: 8192 images
ITERATIONS = 10_000  # at most; it warns where that is not enough to converge


def logistic_regression(dataset: Dataset, seed: int = 0) -> float:
    """Test accuracy of multinomial logistic regression on the pixels.

    scikit-learn's with its defaults (L2 with C = 1, L-BFGS until it converges), each
    pixel centred and divided by its standard deviation over the training images.
    Those are seen as they are, without augmentation; of a task that draws anew every
    epoch, four epochs' worth. Raises ``MissingPackage`` without scikit-learn.
    """
    try:
        from sklearn.linear_model import LogisticRegression
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler
    except ImportError as error:
        raise MissingPackage(
            "logistic regression is scikit-learn's, which is not installed: "
            'pip install "minicvt[tour]"'
        ) from error
    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=ITERATIONS))
    images, labels = _training(dataset, seed)
    with threads.limit(1):
        model.fit(_rows(images), labels)
        return float(model.score(_rows(dataset.test_images), dataset.test_labels))


def _training(dataset: Dataset, seed: int) -> tuple[Array, Array]:
    if not dataset.fresh:
        return dataset.train_images, dataset.train_labels
    rng = stream(seed, "baseline")
    drawn = [dataset.epoch(rng) for _ in range(DRAWN_EPOCHS)]
    images, labels = zip(*drawn, strict=True)
    return np.concatenate(images), np.concatenate(labels)


def _rows(images: Array) -> Array:
    return images.reshape(len(images), -1)
