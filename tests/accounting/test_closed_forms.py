"""Formulas from a configuration alone equal what the ledger counts, part by part."""

from __future__ import annotations

from collections import Counter

import pytest
import torch
import torch.nn.functional as F

import minicvt as mc
from minicvt.accounting import count
from minicvt.accounting.closed_forms import by_part, closed_form
from minicvt.accounting.closed_forms.layers import ceil_length
from minicvt.errors import OptionError, ShapeError
from minicvt.models import VARIANTS, Config, variant
from minicvt.models.costs import Cost, costs

PATCHES = ((4, 4, 0), (2, 2, 0), (2, 2, 0))
CONV, LINEAR = "dw_bn", "linear"

# The paper's ablations and others' versions; then parts of one paper in another.
CHANGED = [
    *[("cvt-13", {"positions": p}) for p in ("every", "first", "last")],
    ("cvt-13", {"embed": PATCHES, "positions": "every"}),
    *[
        ("cvt-13", {"projection": p})
        for p in ("avg", LINEAR, "dense", (CONV, LINEAR, LINEAR), (CONV, CONV, LINEAR))
    ],
    *[("cvt-13", {"kv_stride": r}) for r in (1, 3)],
    ("cvt-13", {"mlp_ratios": 2, "kv_stride": 2}),
    ("cvt-21", {"cls": (True, False, False)}),
    *[("cvt-13", {"dialect": d}) for d in ("hf", "lucidrains")],
    ("cvt-w24", {"shared": "qkv"}),
    ("vit-b16", {"cls": False}),
    ("vit-b16", {"representation": 768, "num_classes": 21843}),
    ("vit-s16", {"projection": "dw_bn", "kv_stride": 2}),
    ("vit-s16", {"projection": "dense", "kv_stride": 2}),
    ("deit-tiny", {"stem": "cmt"}),
    ("deit-tiny-distilled", {"stem": "ceit", "ffn": "leff", "qkv_bias": False}),
    ("cvt-13", {"ffn": "irffn", "local": True}),
    ("pvt-small", {"projection": "dw_sr", "final_norm": False}),
    ("cmt-ti", {"projection": "sr", "in_chans": 1}),
    ("t2t-7", {"stem_dim": 32, "position_kind": "learned"}),
    ("ceit-tiny", {"projection": "linear", "qkv_bias": False, "mlp_ratios": 2}),
    ("cmt-ti", {"qk_ratio": 2}),
    ("ceit-tiny", {"ffn_kernel": 5, "ffn_norm": False}),
    ("resnet-50", {"stride_in": "conv1"}),
]


def named(case: tuple[str, dict]) -> str:
    return " ".join([case[0], *(f"{k}={v}" for k, v in case[1].items())])


every_case = pytest.mark.parametrize(
    "case", [*((name, {}) for name in VARIANTS), *CHANGED], ids=named
)


@every_case
def test_three_columns_agree_to_the_last_integer(case):
    config = variant(case[0], **case[1])
    for image in (config.image, (96, 160)):
        assert by_part(config, image) == costs(config, image).parts


@every_case
def test_stages_agree_with_the_ledger(case):
    config = variant(case[0], **case[1])
    with mc.shapes_only():
        ledger = count(config.build())
    ran = Counter({k: n for k, n in ledger.by("stage").items() if inner(k)})
    ours: Counter[str] = Counter()
    for form in closed_form(config):
        ours[form.stage] += form.cost.macs if inner(form.stage) else 0
    assert +ours == ran
    assert sum(form.cost.macs for form in closed_form(config)) == ledger.macs
    parameters = sum(form.cost.parameters for form in closed_form(config))
    assert parameters == ledger.total("parameters")


def inner(stage: str) -> bool:
    """Whether it is a stage, and not a head, which may have several names."""
    return stage.startswith(("stage", "layer", "lca"))


def test_a_block_of_cvt_is_the_equation_of_its_docstring():
    config = variant("cvt-13")
    s, C, r, n = 3, 384, 4, config.depths[2]
    HW, HW_k, c = 14 * 14, 7 * 7, 1
    T, S, M = HW + c, HW_k + c, r * C
    macs = s**2 * C * (HW + 2 * HW_k) + C**2 * (2 * T + 2 * S) + 2 * T * S * C
    parameters = 3 * (s**2 * C + 2 * C) + 4 * (C**2 + C) + 4 * C + 2 * M * C + M + C
    block = Cost(n * parameters, n * (macs + 2 * M * C * T))
    around = ("token embedding", "class token")
    inside = [
        form.cost
        for form in closed_form(config)
        if form.stage == "stage2" and form.part not in around
    ]
    embedding_norm = Cost(2 * C, 0)
    total = Cost(*map(sum, zip(*inside, strict=True)))
    assert total.less(embedding_norm) == block


@pytest.mark.parametrize(
    ("name", "image", "message"),
    [
        ("cvt-13", (2, 224), "kernel 7, stride 4, padding 2 do not fit 2 places"),
        ("cmt-ti", (24, 99), "kernel 8, stride 8, padding 0 do not fit 6 places"),
        ("resnet-50", (224, 0), "whole numbers from 1"),
    ],
)
def test_images_too_small_are_refused_as_the_model_refuses_them(name, image, message):
    with pytest.raises((ShapeError, OptionError), match=message) as ours:
        closed_form(variant(name), image)
    with pytest.raises(ours.type), mc.shapes_only():
        count(variant(name, image=image).build())


@pytest.mark.parametrize("n", [1, 4, 7, 8, 13])
def test_windows_that_hang_over_are_as_pytorch_has_them(n):
    for k, s, p in ((3, 2, 1), (3, 3, 1), (2, 2, 0), (3, 1, 1), (5, 4, 2)):
        if n + 2 * p >= k:
            image = torch.zeros(1, 1, n, n)
            pooled = F.avg_pool2d(image, k, s, p, ceil_mode=True).shape[-1]
            assert ceil_length(n, (k, s, p)) == pooled


def test_of_another_paper_there_are_none():
    class Strange(Config):
        paper = "strange"

    with pytest.raises(OptionError, match="no closed forms of a strange"):
        closed_form(Strange("other"))
