"""What the tables say in words, of models that are in none of them too."""

from __future__ import annotations

import pytest

from minicvt.reconcile import architecture as a
from minicvt.reconcile import properties as p
from minicvt.reconcile.subjects import named


@pytest.mark.parametrize(
    ("name", "options", "words"),
    [
        (
            "cmt-ti",
            {},
            ("yes", "overlapping (convolution)", "spatial reduction", "yes"),
        ),
        ("ceit-tiny", {}, ("yes", "overlapping (convolution)", "linear", "no")),
        (
            "t2t-7",
            {},
            ("yes", "overlapping (concatenate)", "linear", "partial (tokenization)"),
        ),
        ("pvt-tiny", {"positions": "none"}, ("no",)),
        (
            "cvt-13",
            {"projection": "linear"},
            ("no", "overlapping (convolution)", "linear"),
        ),
        ("deit-tiny", {"embed": ((16, 8, 4),)}, ("yes", "overlapping (convolution)")),
    ],
)
def test_table_1_of_other_models(name, options, words):
    derive = (p.needs_positions, p.token_embedding, p.projection, p.hierarchical)
    model = named(name, **options)
    found = [property(model) for property in derive]
    assert found[: len(words)] == list(words)


@pytest.mark.parametrize("stride", [1, 2, 4])
def test_the_stride_is_seen_in_maps(stride):
    assert p.kv_stride(named("cvt-13", kv_stride=stride)) == str(stride)


def test_positions_are_told_by_their_stages():
    assert p.where_positions(named("cvt-13", positions="last")) == "Last stage"
    assert p.where_positions(named("pvt-tiny")) == "Every stage"
    assert p.where_positions(named("vit-b32")) == "Default"


def test_table_2_reads_what_ran():
    other = named("cvt-13", mlp_ratios=(2.0, 3.0, 4.0), heads=(2, 3, 12))
    assert a.expansion(1)(other) == "R = 3"
    assert a.attention(2)(other) == "H = 12, D = 384"
    assert a.attention(0)(other) == "H = 2, D = 64"
    assert a.classes(named("cvt-13", num_classes=7)) == "7"
