"""Names: what is found, what is near, what is listed, what others published."""

from __future__ import annotations

from pathlib import Path

import pytest

from minicvt import models
from minicvt.cli import main
from minicvt.errors import OptionError, ShapeError, UnknownName
from minicvt.models.compare.published import PUBLISHED, SOURCES
from tests.models.relatives import facts
from tests.models.test_relatives_counts import ours

PAGE = Path(__file__).parents[2] / "docs" / "models.md"
READ = {
    ours(row) + row[row.index("@") :]: found
    for row, found in facts("published").items()
}
"""Accuracies with their sources, by our names, as they were read."""
LETTERS = {
    "CvT": "CvT table 3",
    "ViT": "S17",
    "DeiT": "S12",
    "PVT": "S2",
    "T2T": "S4",
    "CeiT": "S10",
    "CMT": "S7",
}


@pytest.mark.parametrize("name", models.VARIANTS)
def test_every_variant_is_found_by_its_own_name(name):
    assert models.variant(name) == models.VARIANTS[name]
    assert models.variant(name).name == name


@pytest.mark.parametrize(
    ("written", "meant"),
    [("cvt13", "cvt-13"), ("vit-g-14", "vit-g14"), ("vit-G-14", "vit-G14"),
     ("t2t-t14", "t2t-t-14"), ("deit_tiny distilled", "deit-tiny-distilled"),
     ("CvT-13", "cvt-13"), ("ViT-B/16", "vit-b16"), ("ViT-L_32", "vit-l32"),
     ("PVT-Small", "pvt-small"), ("T2T-ViT-14", "t2t-14"), ("T2T-ViT_t-14", "t2t-t-14"),
     ("CMT-S", "cmt-s"), ("ResNet-50", "resnet-50")],
)  # fmt: skip
def test_signs_between_parts_are_free_and_papers_own_names_known(written, meant):
    assert models.variant(written).name == meant


def test_capitals_that_tell_two_apart_have_to_be_right():
    with pytest.raises(UnknownName, match="did you mean vit-G14 or vit-g14"):
        models.variant("VIT-G14")


@pytest.mark.parametrize(
    ("written", "near"),
    [("cvt-12", "cvt-13"), ("pvt-smal", "pvt-small"), ("vit-b15", "vit-b16"),
     ("resnet50s", "resnet-50"), ("PVT-Smal", "pvt-small"),
     ("swin-t", "known|did you mean")],
)  # fmt: skip
def test_unknown_names_get_the_nearest(written, near):
    with pytest.raises(UnknownName, match=f"unknown model '{written}'.*({near})"):
        models.build(written)


def test_names_of_variants_differ_by_more_than_signs():
    letters = ["".join(filter(str.isalnum, name)) for name in models.VARIANTS]
    assert len(set(letters)) == len(letters)


@pytest.mark.parametrize("row", PUBLISHED)
def test_accuracies_are_those_that_were_read(row):
    found = READ[f"{row.name}@{row.side}"]
    start = LETTERS[row.source]
    assert [row.top_1] == [
        top_1
        for top_1, source in found
        if source.startswith(start)
        and ("22k" in source) == ("22k" in row.how)
        and "21k ckpt" not in source
    ]
    assert row.name in models.VARIANTS
    assert row.source in SOURCES


def test_every_variant_is_listed_once_a_size_and_training():
    rows = models.catalogue().rows
    assert {row.config.name for row in rows} == set(models.VARIANTS)
    assert sum(row.published is not None for row in rows) == len(PUBLISHED)
    keys = [(*row.cells()[:2], row.cells()[-1]) for row in rows]
    assert len(set(keys)) == len(keys)
    small = [row.published for row in rows if row.config.num_classes != 1000]
    assert small == [None] * len(small)
    assert rows[-1].config.num_classes != 1000


def test_what_is_listed_is_counted_at_its_size():
    rows = {row.cells()[:2]: row.cost for row in models.catalogue("vit-b16").rows}
    assert rows == {
        ("vit-b16", 224): (86_567_656, 17_563_828_224),
        ("vit-b16", 384): (86_859_496, 55_484_350_464),
    }


def test_a_start_that_no_name_has_gets_the_nearest():
    with pytest.raises(UnknownName, match=r"unknown model or paper 'cvt13'.*cvt-13"):
        models.catalogue("cvt13")


def test_the_command_lists_by_paper(capsys):
    assert main(["models"]) == 0
    printed = capsys.readouterr().out
    assert max(map(len, printed.splitlines())) <= 100
    assert "CMT: Convolutional Neural Networks Meet Vision Transformers" in printed
    rows = [line.split() for line in printed.splitlines()]
    assert ["cmt-s", "224", "26,256,160", "4,031,742,464", "83.5", "CMT"] in rows
    assert ["cvt-c8w", "8", "37,642", "766,272", "-"] in rows


def test_the_page_is_what_the_command_prints(capsys):
    assert main(["models", "--markdown"]) == 0
    assert capsys.readouterr().out == PAGE.read_text("utf-8")


ARCHITECTURE = [
    ({"dims": -24}, "dims should be whole numbers from 1, got"),
    ({"dims": ()}, "dims should be whole numbers"),
    ({"dims": 24.0}, "dims should be whole numbers"),
    ({"num_classes": True}, "num_classes should be whole numbers from 1, got True"),
    ({"cls": "false"}, r"cls should be True or False, got \('false',\)"),
    ({"distilled": "true"}, "distilled should be True or False, got 'true'"),
    ({"final_norm": None}, "final_norm should be True or False, got None"),
    ({"dropout": "0.1"}, "dropout should be numbers, got '0.1'"),
    ({"drop_path": (None,)}, "drop_path should be numbers"),
    ({"mlp_ratios": "4"}, "mlp_ratios should be numbers"),
    ({"depths": 0}, "depths should be whole numbers"),
    ({"heads": 0}, "heads should be whole numbers"),
    ({"heads": 5}, "5 heads do not divide dim 192"),
    ({"kv_stride": 0}, "kv_stride should be whole numbers"),
    ({"num_classes": 0}, "num_classes should be whole numbers"),
    ({"in_chans": -1}, "in_chans should be whole numbers"),
    ({"image": 224}, "image should be a height and a width, got 224"),
    ({"image": (0, 224)}, "image should be whole numbers"),
    ({"embed": ((16, 0, 0),)}, r"embed should be \(kernel, stride, padding\)"),
    ({"embed": ((16, 16, -1),)}, r"embed should be \(kernel, stride, padding\)"),
    ({"embed": 16}, r"embed should be \(kernel, stride, padding\)"),
    ({"mlp_ratios": 0}, "mlp_ratios should be at least one channel of 192"),
    ({"mlp_ratios": float("nan")}, "mlp_ratios should be"),
    ({"stem": "cmt", "stem_dim": -1}, "stem_dim should be whole numbers from 0"),
    ({"norm_eps": 0.0}, "norm_eps should be positive"),
    ({"embed_eps": -1e-6}, "embed_eps should be positive"),
    ({"stem": "t2t_performer", "embed": ((0, 2, 0),)}, "embed should be"),
]  # fmt: skip


@pytest.mark.parametrize(("overrides", "message"), ARCHITECTURE)
def test_values_that_make_no_model_say_so(overrides, message):
    with pytest.raises(OptionError, match=f"deit-tiny: {message}"):
        models.variant("deit-tiny", **overrides)


@pytest.mark.parametrize(
    ("name", "image", "kernel", "places"),
    [("vit-b16", (15, 224), 16, "15, 224"), ("pvt-tiny", (16, 16), 2, "1, 1"),
     ("t2t-14", (2, 99), 7, "2, 99")],
)  # fmt: skip
def test_an_image_that_is_too_small_says_so(name, image, kernel, places):
    config = models.variant(name, image=image)
    says = rf"{name}: image \({image[0]}, .* too small: kernel \({kernel}, .*{places}\)"
    with pytest.raises(ShapeError, match=says):
        config.grids()


@pytest.mark.parametrize(
    ("name", "overrides", "message"),
    [
        ("vit-s16", {"representation": -1}, "representation should be whole"),
        ("cmt-s", {"head_width": 0}, "head_width should be whole"),
        ("resnet-50", {"stem_dim": 0}, "stem_dim should be whole"),
        ("ceit-tiny", {"cls": False}, "cls should be true of the last stage"),
    ],
)
def test_values_that_make_no_model_of_one_paper(name, overrides, message):
    with pytest.raises(OptionError, match=f"{name}: {message}"):
        models.variant(name, **overrides)


@pytest.mark.parametrize(
    ("field", "near"),
    [("stem", "cmt"), ("projection", "dw_bn"), ("ffn", "irffn"), ("activation", "silu"),
     ("positions", "every"), ("position_kind", "learned"), ("resampling", "zoom")],
)  # fmt: skip
def test_names_of_choices_get_the_nearest(field, near):
    with pytest.raises(UnknownName, match=f"unknown {field} .*{near}"):
        models.variant("vit-b16", **{field: near + "s"})


@pytest.mark.parametrize("name", ["cvt-13", "pvt-tiny"])
def test_a_stem_that_does_not_divide_says_so(name):
    with pytest.raises(OptionError, match="stride 8, which does not divide 4: give"):
        models.variant(name, stem="t2t_performer")
    changed = models.variant(name, stem="cmt")
    assert changed.embed[0][1] == 2
    assert changed.embed[1:] == models.variant(name).embed[1:]
