"""How far a map of what mattered can be believed: two tests, and controls.

A map gives each pixel of an image a score. Any map looks plausible, an untrained
network's too, so each is judged by what follows from it, beside maps that know
nothing of the model (Adebayo et al. 2018).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from minicvt import models
from minicvt.data.streams import stream
from minicvt.interpret.rollout import Level, rollout
from minicvt.interpret.watching import watch
from minicvt.kernels.types import Array
from minicvt.nn import predict

PATCH = 4
UNTRAINED = 6
BATCH = 100

Maps = dict[str, list[Array]]


def deletion(model: Any, images: Array, maps: Array) -> Array:
    """Area under the deletion curve of each image, ``(N,)``; lower is better.

    The 4 x 4 patches of an image are replaced by its mean colour, those first that
    score highest on its map. The curve is the probability of the class that the
    whole image got; the area is its mean by the trapezoid rule (Petsiuk et al. 2018,
    section 3.2).
    """
    target = predict(model, images).argmax(axis=-1)
    mean = images.mean(axis=(1, 2), keepdims=True)
    ranks = _ranks(maps)
    curve = []
    for gone in range(ranks[0].size // PATCH**2 + 1):
        left = np.where(ranks[..., None] < gone, mean, images)
        curve.append(predict(model, left)[np.arange(len(images)), target])
    return np.trapezoid(curve, axis=0) / (len(curve) - 1)


def _ranks(maps: Array) -> Array:
    """Give every pixel ``(N, H, W)`` the place of its patch in the order, from 0."""
    n, height, width = maps.shape
    patches = maps.reshape(n, height // PATCH, PATCH, width // PATCH, PATCH)
    scores = patches.mean(axis=(2, 4))
    order = np.argsort(-scores.reshape(n, -1), axis=1, kind="stable")
    ranks = np.argsort(order, axis=1).reshape(scores.shape)
    return ranks.repeat(PATCH, axis=1).repeat(PATCH, axis=2)


def pointing(maps: Array, boxes: Array) -> Array:
    """Whether the highest pixel lies in the box, ``(N,)``; the first of equals.

    Boxes ``(N, 4)`` are top, left, bottom, right (Zhang et al. 2018, the pointing
    game, without their tolerance).
    """
    peak = maps.reshape(len(maps), -1).argmax(axis=1)
    y, x = np.divmod(peak, maps.shape[2])
    top, left, bottom, right = boxes.T
    return (top <= y) & (y < bottom) & (left <= x) & (x < right)


def orders(model: Any, images: Array, seed: int = 0) -> Maps:
    """Maps to compare, ``(N, H, W)`` each; those left to chance several times over."""
    shape, rng = images.shape[:3], stream(seed, "random order")
    fresh = [
        models.from_dict(model.config.as_dict()).build(model.dtype, s)
        for s in range(UNTRAINED)
    ]
    return attention_maps(model, images) | {
        "untrained rollout": [attention_maps(m, images)["rollout"][0] for m in fresh],
        "contrast": [contrast(images)],
        "brightness": [images.sum(axis=3)],
        "random": [rng.random(shape) for _ in range(UNTRAINED)],
    }


def contrast(images: Array) -> Array:
    """Distance of each pixel from the image's mean colour, ``(N, H, W)``; no model."""
    return np.abs(images - images.mean(axis=(1, 2), keepdims=True)).sum(axis=3)


def attention_maps(model: Any, images: Array) -> Maps:
    """Return a model's :func:`depth_maps` of many images, a batch at a time."""
    starts = range(0, len(images), BATCH)
    parts = [depth_maps(watch(model, images[i : i + BATCH])) for i in starts]
    return {name: [np.concatenate([part[name] for part in parts])] for name in parts[0]}


def depth_maps(levels: list[Level]) -> dict[str, Array]:
    """Rollout through all blocks, the last stage's, and the last one, to pixels.

    A single stage is all blocks: it has no map of its own.
    """
    stage = {"last stage": len(levels[-1].blocks)} if len(levels) > 1 else {}
    depths: dict[str, int | None] = {"rollout": None, **stage, "last block": 1}
    return {name: rollout(levels, depth) for name, depth in depths.items()}
