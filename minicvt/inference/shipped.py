"""How pictures become what the models that come with the library were trained on."""

from __future__ import annotations

from collections.abc import Callable

from minicvt.data import digits
from minicvt.data.composites import MEAN, SIZE, SPREAD
from minicvt.data.preprocess import Preprocess
from minicvt.weights import Card


def composites(card: Card) -> Preprocess:
    """Return colour pictures, squared at their shorter side."""
    return Preprocess(SIZE, 1.0, mean=(MEAN,) * 3, std=(SPREAD,) * 3)


def digits8(card: Card) -> Preprocess:
    """Return dark ink on light paper as the scans have it: paper 0, ink positive.

    Every pixel of a scan counts dots of a cell, which is what "box" averages.
    """
    dataset = digits(card.recipe["seed"])
    size, ink = dataset.train_images.shape[1], float(dataset.train_images.max())
    return Preprocess(size, 1.0, "box", mean=(1.0,), std=(-1 / ink,))


TASKS: dict[str, Callable[[Card], Preprocess]] = {
    "composites-easy": composites,
    "composites-mid": composites,
    "digits8": digits8,
}
