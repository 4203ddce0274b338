"""Looking at what a model answers, without disturbing it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from minicvt.errors import ShapeError
from minicvt.kernels.types import Array
from minicvt.nn import Module
from minicvt.ops import softmax
from minicvt.tensor import no_grad
from minicvt.threads import each


@contextmanager
def evaluation(model: Module) -> Iterator[None]:
    """Evaluation mode and no tape; each module's own mode comes back afterwards."""
    modes = [(module, module.training) for _, module in model.named_modules()]
    model.eval()
    try:
        with no_grad():
            yield
    finally:
        for module, training in modes:
            module.training = training


def predict(model: Module, images: Array, batch_size: int = 256) -> Array:
    """Class probabilities (N, K) of images (N, H, W, C): softmax of the logits.

    Runs in evaluation mode, so BatchNorm uses its running statistics and the
    answer for an image does not depend on its neighbours. Batches are worked on side
    by side, one a core. Raises ``ShapeError`` when there is no image.
    """
    if np.ndim(images) != 4 or len(images) == 0:
        raise ShapeError(f"predict: expected (N, H, W, C), got {np.shape(images)}")
    starts = range(0, len(images), batch_size)
    with evaluation(model):
        return np.concatenate(
            each(lambda i: softmax(model(images[i : i + batch_size])).numpy(), starts)
        )


def accuracy(
    model: Module, images: Array, labels: Array, batch_size: int = 256
) -> float:
    """Share of images whose most probable class is their label."""
    return float((predict(model, images, batch_size).argmax(-1) == labels).mean())
