"""Effective receptive fields: which pixels a token really depends on, and how much.

Attention lets every token see the whole image from the first block on, so the largest
window in which a pixel *could* matter says little. How much it *does* is a gradient
(Luo et al. 2016, section 2). For a token t of C numbers and a pixel x[y, x'] of K::

    E[y, x'] = mean over images of ||d t / d x[y, x']||^2,   divided by its sum

where the norm is over all C K derivatives: the share of the token's change that comes
from this pixel when every pixel is disturbed by independent noise. A random direction
r for each image stands for all C channels, for E_r |r^T J|^2 = ||J||^2; the plain sum
over channels would not do, for LayerNorm takes it away.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from minicvt.data.streams import stream
from minicvt.errors import OptionError, ShapeError
from minicvt.grid import Place
from minicvt.kernels.types import Array
from minicvt.nn import evaluating, flatten
from minicvt.tensor import Tensor


def receptive_field(
    model: Any, images: Array, stage: int = -1, token: Place = 0, seed: int = 0
) -> Array:
    """Share of each pixel in what one token of a stage depends on, ``(H, W)``.

    ``images`` are ``(N, H, W, C)``, the more the smoother. The token is a special one
    by its number (0 is the class token), or that at ``(row, column)`` of the stage's
    map. Evaluation mode; the model's gradients stay as they are. Raises ``OptionError``
    for a stage or token that is not there, ``ShapeError`` for no image.
    """
    if np.ndim(images) != 4 or len(images) == 0:
        raise ShapeError(
            f"receptive_field: expected (N, H, W, C), got {np.shape(images)}"
        )
    if not -len(model.stages) <= stage < len(model.stages):
        raise OptionError(f"stage {stage}: the model has {len(model.stages)}")
    pixels = Tensor(np.asarray(images, model.dtype), requires_grad=True)
    with frozen(model):
        x, special = model.stem(pixels), None
        for each in model.stages[: stage % len(model.stages) + 1]:
            x, special = each(x)
        tokens, grid = flatten(x, special)
        number = grid.number(token)
        direction = np.zeros(tokens.shape, tokens.dtype)
        shape = direction[:, number].shape
        direction[:, number] = stream(seed, "direction").normal(size=shape)
        tokens.backward(direction)
    energy = (pixels.grad.astype(np.float64) ** 2).sum(axis=(0, 3))
    return energy / energy.sum()


def reach(field: Array, share: float = 0.5) -> int:
    """Return how few pixels hold ``share`` of a receptive field ``(H, W)``."""
    largest_first = np.sort(field, axis=None)[::-1].cumsum()
    return int(np.searchsorted(largest_first, share * largest_first[-1])) + 1


@contextmanager
def frozen(model: Any) -> Iterator[None]:
    """Evaluation mode in which no parameter asks for a gradient; both come back."""
    asking = [p for _, p in model.named_parameters() if p.requires_grad]
    with evaluating(model):
        try:
            for parameter in asking:
                parameter.requires_grad = False
            yield
        finally:
            for parameter in asking:
                parameter.requires_grad = True
