"""Rollout of the other papers: by their own matrices, written out."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from minicvt.errors import OptionError
from minicvt.interpret.rollout import rollout
from minicvt.interpret.watching import watch
from minicvt.observe import observe
from minicvt.ops import attention_map
from minicvt.tensor import no_grad
from tests.interpret.relatives import TINY, convolutional, image_of, tiny
from tests.interpret.test_rollout import explicit


def attended(model: Any, images: np.ndarray) -> dict[str, np.ndarray]:
    """Return the mean over heads of every softmax, by the path of its module."""
    with no_grad(), observe() as events:
        model(images)
    found = (e for e in events if getattr(e, "name", "") == "attend")
    return {event.path: attention_map(event).mean(axis=1) for event in found}


def mixed(attention: np.ndarray, deals: np.ndarray | None = None) -> np.ndarray:
    """Return F = (A D + I) / 2 of each image; D is I without windows."""
    dealt = attention if deals is None else attention @ deals
    return (dealt + np.eye(attention.shape[1])) / 2


def spread(height: int, width: int, side: int) -> np.ndarray:
    """Deal each of ``height x width`` cells evenly to its ``side x side`` places."""
    rows = np.kron(np.eye(height), np.full((1, side), 1 / side))
    columns = np.kron(np.eye(width), np.full((1, side), 1 / side))
    return np.kron(rows, columns)


def pair_of_images(model: Any) -> np.ndarray:
    return np.stack([image_of(model, seed) for seed in (2, 3)])


@pytest.mark.parametrize("name", TINY)
def test_equal_to_explicit_matrices(name: str) -> None:
    model = tiny(name, "float64")
    levels = watch(model, pair_of_images(model))
    found = rollout(levels)
    assert found.shape == (2, *model.config.image)
    assert found.min() >= 0
    assert found.sum(axis=(1, 2)).max() <= 1 + 1e-12
    for i, one in enumerate(found):
        expected = explicit(levels, i)
        assert np.abs(one - expected).max() <= 1e-12 * expected.max()
    assert np.abs(found[0] - found[1]).max() > 1e-3 * found.max()


@pytest.mark.parametrize("name", ["vit", "vit, mean", "deit", "deit, distilled"])
def test_a_plain_transformer_s_is_the_product_of_its_blocks(name: str) -> None:
    """Abnar & Zuidema's, in one line; each patch then counts for its pixels alike."""
    model = tiny(name, "float64")
    images = pair_of_images(model)
    special = len(model.config.special_tokens(0))
    product = np.eye(special + 24)
    for attention in attended(model, images).values():
        product = mixed(attention) @ product
    read = product[:, : special or None].mean(axis=1)[:, special:]
    found = rollout(watch(model, images)).reshape(2, -1)
    np.testing.assert_allclose(found, read @ spread(4, 6, 8), rtol=1e-12)


def test_a_pyramid_s_keys_stand_for_r_x_r_tokens() -> None:
    """PVT at 64 x 96: 16 x 24 tokens and R = 8, 8 x 12 and 4, 4 x 6 and 2, 2 x 3."""
    model = tiny("pvt", "float64")
    images = pair_of_images(model)
    seen = attended(model, images)
    content = spread(16, 24, 4)
    for stage, (side, depth) in enumerate(((8, 1), (4, 2), (2, 1), (1, 2))):
        height, width = 16 >> stage, 24 >> stage
        if stage:
            content = spread(height, width, 2) @ content
        deals = spread(height // side, width // side, side)
        if stage == 3:
            content = np.pad(content, ((0, 0), (1, 0), (0, 0)))
            deals = np.eye(7)
        for block in range(depth):
            attention = seen[f"stage{stage}.blocks.{block}.attn"]
            content = mixed(attention, deals) @ content
    found = rollout(watch(model, images)).reshape(2, -1)
    np.testing.assert_allclose(found, content[:, 0], rtol=1e-12)


def test_cmt_starts_from_all_places_and_ends_under_its_stem() -> None:
    model = tiny("cmt", "float64")
    levels = watch(model, pair_of_images(model))
    stem = [(w.kernel[0], w.stride[0], w.padding[0]) for w in levels[0].windows]
    assert stem == [(3, 2, 1), (3, 1, 1), (3, 1, 1), (2, 2, 0)]
    assert [len(level.windows) for level in levels] == [4, 1, 1, 1]
    np.testing.assert_allclose(levels[-1].blocks[-1].read, 1 / 6)


def test_a_bias_of_the_scores_is_in_the_maps() -> None:
    model = tiny("cmt", "float64")
    model.stage0.score_bias.assign(np.zeros(model.stage0.score_bias.shape))
    images = pair_of_images(model)
    before = watch(model, images)[0].blocks[0].attention
    table = np.zeros(model.stage0.score_bias.shape)
    table[..., 1] = 40
    model.stage0.score_bias.assign(table)
    after = watch(model, images)[0].blocks[0].attention
    assert before[..., 1].max() < 0.9
    np.testing.assert_allclose(after[..., 1], 1, atol=1e-12)


def test_pooled_places_are_read_even_beside_a_class_token() -> None:
    model = tiny("cmt", cls=(False, False, False, True))
    read = watch(model, pair_of_images(model))[-1].blocks[-1].read
    np.testing.assert_allclose(read[:, 0], 0)
    np.testing.assert_allclose(read[:, 1:], 1 / 6)


def test_layer_wise_class_attention_reads_every_block() -> None:
    """CeiT's rollout is that of each depth, weighed as the head weighs them."""
    model = tiny("ceit", "float64")
    images = pair_of_images(model)
    seen, (level,) = attended(model, images), watch(model, images)
    layers = seen["lca.attn"][:, 0]
    assert layers.shape == (2, 3)
    shares = layers / 2 + [0, 0, 1 / 2]
    product, rows = np.eye(level.grid.tokens), 0.0
    for number in range(3):
        product = mixed(seen[f"stage0.blocks.{number}.attn"]) @ product
        rows = rows + shares[:, number, None] * product[:, 0]
    np.testing.assert_allclose(rollout([level]), level.down(rows), rtol=1e-12)
    np.testing.assert_allclose(np.stack([b.read[:, 0] for b in level.blocks]), shares.T)


def test_soft_splits_are_windows_of_t2t() -> None:
    """That the stem attends too changes nothing in what is followed."""
    for name in ("t2t", "t2t-t"):
        (level,) = watch(tiny(name), pair_of_images(tiny(name)))
        assert [(w.kernel[0], w.stride[0]) for w in level.windows] == [
            *((7, 4), (3, 2), (3, 2))
        ]
        assert len(level.blocks) == 3


def test_a_model_without_attention_is_refused() -> None:
    model = convolutional()
    wanted = r"ResNet has no attention to follow: .* found 0 embeddings and \d+ conv"
    with pytest.raises(OptionError, match=wanted):
        watch(model, pair_of_images(model))
