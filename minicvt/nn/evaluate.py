"""Looking at what a model answers, without disturbing it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from minicvt import threads
from minicvt.errors import ShapeError
from minicvt.kernels.types import Array
from minicvt.nn.module import Module
from minicvt.ops import softmax
from minicvt.tensor import no_grad

LEAST, MOST = 10_000, 2**19
"""Pixels in a batch: with fewer, threads wait for Python; with more, for memory."""


@contextmanager
def evaluating(model: Module) -> Iterator[None]:
    """Evaluation mode; each module's own mode comes back afterwards."""
    modes = [(module, module.training) for _, module in model.named_modules()]
    model.eval()
    try:
        yield
    finally:
        for module, training in modes:
            module.training = training


@contextmanager
def evaluation(model: Module) -> Iterator[None]:
    """Evaluation mode and no tape; each module's own mode comes back afterwards."""
    with evaluating(model), no_grad():
        yield


def batch_for(count: int, pixels: int) -> int:
    """Return how many of ``count`` images to take at a time, of so many pixels each.

    As many batches for each thread, none of more than ``MOST`` pixels, and one thread
    less where they would have fewer than ``LEAST``.
    """
    side_by_side = max(1, min(threads.width(), count * pixels // LEAST))
    most = max(1, MOST // max(1, pixels))
    batches = -(-count // (most * side_by_side)) * side_by_side
    return -(-count // batches)


def predict(model: Module, images: Array, batch_size: int | None = None) -> Array:
    """Class probabilities (N, K) of images (N, H, W, C): softmax of the logits.

    Runs in evaluation mode, so BatchNorm uses its running statistics and the
    answer for an image does not depend on its neighbours. Batches are worked on side
    by side, one a thread, by default as large as ``batch_for`` says. Raises
    ``ShapeError`` when there is no image.
    """
    if np.ndim(images) != 4 or len(images) == 0:
        raise ShapeError(f"predict: expected (N, H, W, C), got {np.shape(images)}")
    height, width, _ = np.shape(images)[1:]
    size = batch_size or batch_for(len(images), height * width)
    starts = range(0, len(images), size)
    with evaluation(model):
        return np.concatenate(
            threads.each(lambda i: softmax(model(images[i : i + size])).numpy(), starts)
        )


def accuracy(
    model: Module, images: Array, labels: Array, batch_size: int | None = None
) -> float:
    """Share of images whose most probable class is their label."""
    return float((predict(model, images, batch_size).argmax(-1) == labels).mean())
