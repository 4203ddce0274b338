"""Effective receptive fields against whole Jacobians, and where they must end."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from minicvt import Tensor, models
from minicvt.errors import OptionError, ShapeError
from minicvt.interpret import reach, receptive_field
from minicvt.nn import flatten
from minicvt.train import evaluation

RNG = np.random.default_rng(3)


def model(**overrides: Any) -> Any:
    """Build a small CvT with weights large enough that attention is uneven."""
    small = {"in_chans": 2, "dims": (4, 6, 8), "heads": (1, 2, 4), "depths": (1, 1, 1)}
    found = models.build("cvt-rgb32", dtype="float64", seed=1, **small | overrides)
    for _, parameter in found.named_parameters():
        parameter.assign(parameter.numpy() * 2)
    return found


def tokens(found: Any, images: Any, stage: int) -> Any:
    with evaluation(found):
        x, special = found.stem(Tensor(images)), None
        for each in found.stages[: stage + 1]:
            x, special = each(x)
        return flatten(x, special)[0].numpy()


def energy(found: Any, image: Any, stage: int, number: int) -> Any:
    """Squared norm of d token / d pixel, by central differences, ``(H, W)``."""
    out = np.zeros(image.shape)
    for place in np.ndindex(image.shape):
        step = np.zeros_like(image)
        step[place] = 1e-5
        both = [tokens(found, (image + s * step)[None], stage) for s in (1, -1)]
        slope = (both[0] - both[1])[0, number] / 2e-5
        out[place] = (slope**2).sum()
    return out.sum(axis=2)


@pytest.mark.parametrize(("stage", "token"), [(0, (1, 2)), (1, (0, 1)), (2, 0)])
def test_random_directions_have_the_jacobians_norm_for_their_mean(stage, token):
    found, image = model(), RNG.normal(size=(6, 8, 2))
    number = token if isinstance(token, int) else token[0] * (4, 2)[stage] + token[1]
    right = energy(found, image, stage, number)
    many = np.repeat(image[None], 600, axis=0)
    field = receptive_field(found, many, stage, token)
    np.testing.assert_allclose(field.sum(), 1)
    np.testing.assert_allclose(field, right / right.sum(), atol=0.15 * field.max())


def test_without_attention_it_ends_where_the_windows_of_the_embeddings_do():
    found = model()
    for name, parameter in found.named_parameters():
        if ".attn.proj." in name:
            parameter.assign(np.zeros(parameter.shape))
    field = receptive_field(found, RNG.normal(size=(4, 20, 24, 2)), 1, (2, 3))
    rows, columns = (np.flatnonzero(field.any(axis=a)) for a in (1, 0))
    # a window of 3 windows of 3 pixels, two apart: 4 i - 3 to 4 i + 3
    assert [rows[0], rows[-1]] == [5, 11]
    assert [columns[0], columns[-1]] == [9, 15]
    whole = receptive_field(model(), RNG.normal(size=(4, 20, 24, 2)), 1, (2, 3))
    assert whole.all()


def test_the_model_is_as_it_was():
    found = model().train()
    for _, parameter in found.named_parameters():
        parameter.grad = np.ones(parameter.shape)
    frozen = next(p for _, p in found.named_parameters())
    frozen.requires_grad = False
    receptive_field(found, RNG.normal(size=(2, 8, 8, 2)))
    assert all((p.grad == 1).all() for _, p in found.named_parameters())
    asking = [p.requires_grad for _, p in found.named_parameters()]
    assert asking == [False] + [True] * (len(asking) - 1)
    assert all(module.training for _, module in found.named_modules())


def test_a_seed_gives_the_same_field():
    found, images = model(), RNG.normal(size=(2, 8, 8, 2))
    first, again, other = (receptive_field(found, images, seed=s) for s in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


def test_reach_counts_the_fewest_pixels():
    assert reach(np.array([[0.1, 0.5], [0.15, 0.25]])) == 1
    assert reach(np.array([[0.1, 0.5], [0.15, 0.25]]), 0.7) == 2
    assert reach(np.full((4, 5), 0.05), 1.0) == 20


@pytest.mark.parametrize(
    ("stage", "token", "message"),
    [
        (0, 0, r"no class token: give \(row, column\) of the 4 x 4 map"),
        (2, 1, "no special token 1"),
        (1, (2, 0), r"token \(2, 0\): there are 2 x 2"),
        (3, 0, "stage 3: the model has 3"),
    ],
)
def test_what_is_not_there_is_said(stage, token, message):
    with pytest.raises(OptionError, match=message):
        receptive_field(model(), RNG.normal(size=(1, 8, 8, 2)), stage, token)


def test_it_needs_images():
    with pytest.raises(ShapeError, match="receptive_field: expected"):
        receptive_field(model(), np.zeros((0, 8, 8, 2)))
