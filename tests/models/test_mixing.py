"""Every part of one paper in every other: it builds, counts, learns, differentiates."""

from __future__ import annotations

import numpy as np
import pytest

import minicvt as mc
from minicvt.blank import Blank
from minicvt.models import build, variant
from minicvt.nn import Dropout
from minicvt.nn.feed_forward import METHODS as FEED_FORWARDS
from minicvt.nn.positions import KINDS
from minicvt.nn.projection import METHODS as PROJECTIONS
from minicvt.nn.stems import STEMS

SIZE = (48, 64)
IMAGES = np.random.default_rng(0).normal(size=(2, *SIZE, 3))
LABELS = np.array([1, 4])

COMMON = {"image": SIZE, "num_classes": 5, "stem_dim": 6, "mlp_ratios": 2.0}
ONE = {**COMMON, "dims": (24,), "depths": (2,), "heads": (3,), "kv_stride": (2,)}
TWO = {
    **COMMON,
    "dims": (8, 12),
    "depths": (1, 2),
    "heads": (1, 2),
    "kv_stride": (2, 1),
    "drop_path": 0.0,
}
BEHIND_SPLITS = {"embed": ((1, 1, 0), (2, 2, 0))}
"""Of soft splits, an eighth of the image, no 4 x 4 patches can be made."""
PAPERS = {
    "cvt": ("cvt-13", {**TWO, "embed": ((7, 4, 2), (3, 2, 1)), "cls": (False, True)}),
    "vit": ("vit-s16", ONE),
    "deit": ("deit-tiny", ONE),
    "t2t": ("t2t-14", ONE),
    "ceit": ("ceit-tiny", ONE),
    "pvt": ("pvt-tiny", {**TWO, "embed": ((4, 4, 0), (2, 2, 0)), "cls": (False, True)}),
    "cmt": ("cmt-ti", {**TWO, "embed": ((2, 2, 0), (2, 2, 0)), "head_width": 20}),
}

MIXTURES = [
    *({"stem": name} for name in STEMS),
    *({"projection": name} for name in PROJECTIONS),
    {"projection": "dw_bn", "shared": "kv"},
    {"projection": "dw_bn", "shared": "qkv"},
    *({"ffn": name} for name in FEED_FORWARDS),
    *({"positions": "every", "position_kind": kind} for kind in KINDS),
    {"positions": "last", "position_kind": "score_bias", "projection": "sr"},
    {"positions": "none"},
    {"local": True},
    {"cls": True},
    {"embed_norm": True, "qkv_bias": False, "scale": "dim"},
    {"final_norm": False, "drop_sum": True, "activation": "quick_gelu"},
    {"qk_ratio": 2},
    {"ffn": "leff", "ffn_kernel": 5, "ffn_norm": False},
    {"ffn": "irffn", "ffn_kernel": 1},
]


def mixed(paper, mixture, dtype="float64", seed=0):
    """Build a tiny model of a paper with parts of others, ready to be differentiated.

    Nothing is dropped, and parameters are moved from where they start: a head that
    starts at zero would hide the rest.
    """
    name, tiny = PAPERS[paper]
    if "t2t" in mixture.get("stem", "") and len(tiny["dims"]) == 2:
        tiny = tiny | BEHIND_SPLITS
    model = build(name, dtype=dtype, seed=seed, **tiny | mixture)
    rng = np.random.default_rng(seed + 1)
    for _, parameter in model.named_parameters():
        noise = 0.1 * rng.normal(size=parameter.shape)
        parameter.assign((parameter.numpy() + noise).astype(dtype))
    for _, module in model.named_modules():
        if isinstance(module, Dropout):
            module.p = 0.0
    return model


def trained(model):
    return [p for _, p in model.named_parameters() if p.requires_grad]


def check_gradients(model):
    """Compare with a central difference along a random line through all that learns.

    The step is so short that max pooling keeps the pixels it chose.
    """
    rng = np.random.default_rng(2)
    start = [p.numpy().copy() for p in trained(model)]
    line = [rng.normal(size=p.shape) for p in (*start, IMAGES)]
    images = mc.Tensor(IMAGES, requires_grad=True)
    cotangent = rng.normal(size=(2, 5))
    model(images).backward(cotangent)
    gradients = [*(p.grad for p in trained(model)), images.grad]
    slope = sum((g * d).sum() for g, d in zip(gradients, line, strict=True))

    def at(step):
        for p, value, d in zip(trained(model), start, line[:-1], strict=True):
            p.assign(value + step * d)
        with mc.no_grad():
            return (model(IMAGES + step * line[-1]).numpy() * cotangent).sum()

    step = 1e-7
    measured = (at(step) - at(-step)) / (2 * step)
    at(0.0)
    assert abs(measured - slope) <= 1e-6 * abs(slope)


def check_step(model):
    """One small step of AdamW lowers the loss."""
    optimiser = mc.train.AdamW(model.named_parameters(), lr=1e-5)
    optimiser.zero_grad()
    loss = mc.ops.cross_entropy(model(IMAGES), LABELS)
    loss.backward()
    optimiser.step()
    with mc.no_grad():
        after = mc.ops.cross_entropy(model(IMAGES), LABELS).item()
    assert np.isfinite(after)
    assert after < loss.item()


def check_counts(model):
    """What runs is what shapes alone say."""
    with mc.shapes_only():
        blank = model.config.build("float64").train()
    with mc.count() as ledger, mc.no_grad():
        logits = model(IMAGES)
    with mc.count() as by_shapes:
        blank(mc.Tensor(Blank(IMAGES.shape, "float64")))
    assert logits.shape == (2, 5)
    assert blank.count_parameters() == model.count_parameters()
    assert by_shapes.macs == ledger.macs > 0


def check(model):
    check_counts(model)
    check_gradients(model)
    check_step(model)


@pytest.mark.parametrize("mixture", MIXTURES, ids=str)
@pytest.mark.parametrize("paper", PAPERS)
def test_parts_mix(paper, mixture):
    check(mixed(paper, mixture))


AXES = {
    "stem": list(STEMS),
    "projection": list(PROJECTIONS),
    "ffn": list(FEED_FORWARDS),
    "position_kind": list(KINDS),
    "positions": ["none", "every", "first", "last"],
    "local": [False, True],
    "embed_norm": [False, True],
    "scale": ["dim", "head_dim"],
}


@pytest.mark.parametrize("seed", range(24))
def test_many_parts_mix_at_once(seed):
    rng = np.random.default_rng(seed)
    mixture = {name: rng.choice(values).item() for name, values in AXES.items()}
    model = mixed(rng.choice(list(PAPERS)).item(), mixture, seed=seed)
    check(model)


def test_stages_may_differ():
    parts = {"projection": ("sr", "dw_bn"), "ffn": ("leff", "irffn"), "local": (1, 0)}
    model = mixed("cvt", parts | {"cls": (True, False), "positions": "first"})
    check(model)
    assert type(model.stage0.blocks[0].mlp) is type(model.stage1.blocks[0].mlp)


@pytest.mark.parametrize(("name", "mixture"), [
    ("deit-tiny", {"stem": "cmt"}),
    ("vit-s16", {"projection": "dw_bn"}),
    ("cvt-13", {"ffn": "irffn"}),
])  # fmt: skip
def test_a_changed_paper_builds_at_full_size(name, mixture):
    with mc.shapes_only():
        plain, model = build(name), build(name, **mixture)
    assert model.count_parameters() > plain.count_parameters()
    assert mc.count(model).macs > mc.count(plain).macs
    assert model(mc.Tensor(Blank((1, 224, 224, 3), "float32"))).shape == (1, 1000)


def test_distillation_mixes_too():
    """In training two answers: both have gradients, and evaluation has their mean."""
    model = build(
        "deit-tiny-distilled", **ONE, stem="ceit", projection="dw_bn", dtype="float64"
    )
    first, second = model(IMAGES)
    (first * 2 - second).backward(np.random.default_rng(3).normal(size=(2, 5)))
    assert all(
        np.abs(p.grad).max() > 0 for p in (model.head.weight, model.head_dist.weight)
    )
    model.eval()
    assert model(IMAGES).shape == (2, 5)
    assert variant("deit-tiny-distilled", **ONE).grids()[0].special == 2


def test_a_part_that_another_has_is_that_part():
    """The same weights give the same answer whichever paper's name they are under."""
    made = {"stem": "none", "embed": ((16, 16, 0),), "ffn": "mlp", "local": False}
    vit = mixed("vit", {**made, "activation": "gelu"})
    deit = mixed("deit", made)
    deit.load_state_dict(vit.state_dict())
    np.testing.assert_array_equal(vit(IMAGES).numpy(), deit(IMAGES).numpy())
