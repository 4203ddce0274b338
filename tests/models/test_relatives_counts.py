"""Parameters and multiply-adds of every published variant, as the official code has."""

from __future__ import annotations

import re

import pytest

import minicvt as mc
from tests.models.relatives import facts

ROWS = facts("counts")

# Variants that the official files have and no paper's table: what they change.
CHANGED = {
    "PVT-huge_v2": {
        "dims": (128, 256, 512, 768),
        "heads": (2, 4, 8, 12),
        "depths": (3, 10, 60, 3),
    },
    "T2T-ViT-14_resnext": {"heads": 32},
    "T2T-ViT-14_wide": {"dims": 768, "depths": 4, "heads": 12},
}


def ours(row: str) -> str:
    """Name our variant for "ViT-Ti/16@224", "T2T-ViT-t_14@224", "CMT-ti@160", ..."""
    name = row.partition("@")[0].partition("_resnext")[0].partition("_wide")[0]
    if name.startswith("ViT-"):
        size = re.match(r"ViT-(\w+)/", name)[1]
        size = size if size in ("g", "G") else size.lower()
        return f"vit-{size}{name.partition('/')[2]}"
    if name == "PVT-huge_v2":
        return "pvt-large"
    return name.lower().replace("t2t-vit", "t2t").replace("_", "-")


def built(row: str):
    side = ROWS[row]["img"]
    changed = CHANGED.get(row.partition("@")[0], {})
    with mc.shapes_only():
        return mc.models.build(ours(row), image=(side, side), **changed)


@pytest.mark.parametrize("row", ROWS)
def test_parameters_and_macs_to_the_integer(row):
    model = built(row)
    assert {
        "img": model.config.image[0],
        "params": model.count_parameters(),
        "params_trainable": model.count_parameters(trainable=True),
        "macs_total": mc.count(model).macs,
    } == ROWS[row]


def test_every_variant_of_these_papers_is_counted():
    """But for those of our own, which are too small for ImageNet's classes."""
    papers = {"vit", "deit", "pvt", "t2t", "ceit", "cmt"}
    published = {
        name
        for name, config in mc.models.VARIANTS.items()
        if config.paper in papers and config.num_classes == 1000
    }
    assert {ours(row) for row in ROWS} == published
