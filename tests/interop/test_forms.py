"""Forms: each against what its words say, number by number, and back."""

from __future__ import annotations

import numpy as np
import pytest

from minicvt.errors import CheckpointError
from minicvt.interop import LAYOUTS, forms

HEADS = 3
BIASES = {f"stem.attention1.proj_{x}.bias": np.zeros(2) for x in "qkv"}
"""What a performer has and a transformer has not."""
FORMS = {
    "same": (forms.SAME, (5, 4), lambda o, i: (o, i)),
    "pointwise": (forms.POINTWISE, (5, 4), lambda o, i: (o, i, 0, 0)),
    "dense": (forms.DENSE, (5, 4), lambda o, i: (i, o)),
    "hwio": (forms.HWIO, (5, 4, 2, 3), lambda o, i, y, x: (y, x, i, o)),
    "heads": (forms.HEADS, (6,), lambda o: divmod(o, 2)),
    "into heads": (forms.INTO_HEADS, (6, 5), lambda o, i: (i, *divmod(o, 2))),
    "from heads": (forms.FROM_HEADS, (5, 6), lambda o, i: (*divmod(i, 2), o)),
    "flat": (forms.flat(3), (5, 4, 3, 3), lambda o, i, y, x: (o, 9 * i + 3 * y + x)),
}


@pytest.mark.parametrize("name", FORMS)
def test_where_each_number_goes(name):
    form, shape, place = FORMS[name]
    ours = np.random.default_rng(0).normal(size=shape)
    theirs = form.theirs(ours, HEADS)
    assert all(theirs[place(*at)] == ours[at] for at in np.ndindex(shape))
    assert theirs.size == ours.size
    back = form.ours(theirs)
    assert back.shape == shape
    assert np.array_equal(back, ours)


@pytest.mark.parametrize("name", FORMS)
def test_no_memory_for_what_has_none(name):
    """Names and shapes of a giant are compared without its weights."""
    form, shape, _ = FORMS[name]
    ours = np.broadcast_to(np.zeros(()), shape)
    theirs = form.theirs(ours, HEADS)
    assert not any(theirs.strides)
    assert not any(form.ours(theirs).strides)


def test_heads_that_are_not_given():
    weights = {"stage0.blocks.0.attn.proj_q.bias": np.zeros(6)}
    with pytest.raises(CheckpointError, match="'official' splits heads: give heads="):
        LAYOUTS["vit"]["official"].to_theirs(weights)


def test_queries_keys_and_values_share_rows_in_their_order():
    """ViT's are q, k, v; PVT's k, v; those of T2T-ViT's performer k, q, v."""
    parts = {x: np.full((2, 3), ord(x)) for x in "qkv"}
    for paper, ours, theirs, order in (
        ("vit", "stage0.blocks.1.attn", "blocks.1.attn.qkv", "qkv"),
        ("pvt", "stage2.blocks.1.attn", "block3.1.attn.kv", "kv"),
        ("t2t", "stem.attention2", "tokens_to_token.attention2.kqv", "kqv"),
        ("t2t", "stage0.blocks.1.attn", "blocks.1.attn.qkv", "qkv"),
    ):
        layout = LAYOUTS[paper]["timm" if paper == "vit" else "official"]
        beside = {"stem.attention1.proj_k.bias": np.zeros(2)} if "stem" in ours else {}
        beside |= {
            f"stem.attention1.proj_{x}.bias": np.zeros(2) for x in "qv" if beside
        }
        state = {f"{ours}.proj_{x}.weight": part for x, part in parts.items()}
        joined = layout.to_theirs(state | beside)[f"{theirs}.weight"]
        assert [chr(row[0]) for row in joined[::2]] == list(order)


def test_token_layers_have_the_names_of_their_kind():
    ours = "stem.attention1.mlp.fc1.weight"
    layout, one = LAYOUTS["t2t"]["official"], np.ones((2, 2))
    assert layout.to_theirs({ours: one}).keys() == {
        "tokens_to_token.attention1.mlp.fc1.weight"
    }
    assert "tokens_to_token.attention1.mlp.0.weight" in layout.to_theirs(
        {ours: one} | BIASES
    )
