"""Dialects: what they set, what they leave, and what they count."""

from __future__ import annotations

import numpy as np
import pytest

import minicvt as mc
from minicvt import models
from minicvt.errors import OptionError, UnknownName
from minicvt.models import dialects
from tests.models.test_cvt import tiny
from tests.models.test_variants import counted


def test_microsoft_is_the_default():
    assert models.variant("cvt-13").dialect == "microsoft"
    for name in ("cvt-13", "cvt-21", "cvt-w24"):
        assert models.variant(name) == models.variant(name, dialect="microsoft")


# Of lucidrains' own code: parameters exactly, multiply-adds to four decimals of a G.
@pytest.mark.parametrize(
    ("name", "parameters", "giga"),
    [("cvt-13", 19_936_296, 4.5437), ("cvt-21", 31_523_880, 7.1421)],
)
def test_lucidrains_counts(name, parameters, giga):
    counts = counted(name, dialect="lucidrains")
    assert counts[0] == parameters
    assert round(counts[1] / 1e9, 4) == giga


@pytest.mark.parametrize("dialect", ["hf", "paper"])
def test_the_others_count_as_the_official_code(dialect):
    assert counted("cvt-13", dialect=dialect) == counted("cvt-13")


def test_every_field_of_a_dialect_is_a_field_of_the_configuration():
    config = models.variant("cvt-13")
    official = {choice.field for choice in dialects.DIALECTS["microsoft"]}
    for name, choices in dialects.DIALECTS.items():
        assert {choice.field for choice in choices} <= official, name
        assert all(choice.source for choice in choices)
        assert name in dialects.REST
    assert all(hasattr(config, field) for field in official)


def test_a_dialect_sets_its_fields():
    config = models.variant("cvt-13", dialect="lucidrains")
    assert config.embed == ((7, 4, 3), (3, 2, 1), (3, 2, 1))
    assert config.cls == (False, False, False)
    assert (config.scale, config.shared, config.qkv_bias) == ("head_dim", "kv", False)
    assert config.override(dialect="microsoft") == models.variant("cvt-13")


def test_what_is_named_beside_a_dialect_wins():
    config = models.variant("cvt-13", dialect="lucidrains", qkv_bias=True, cls=True)
    assert config.qkv_bias
    assert config.cls == (True, True, True)
    assert config.activation == "gelu"


def test_a_dialect_follows_the_number_of_stages():
    assert models.variant("cvt-c8w", dialect="hf").cls == (False, True)
    assert models.variant("cvt-c8w", dialect="lucidrains").cls == (False, False)


def test_paper_is_exact_gelu_and_the_scale_of_a_head():
    paper = models.variant("cvt-13", dialect="paper")
    named = models.variant("cvt-13", activation="gelu", scale="head_dim")
    assert paper.as_dict() == named.as_dict() | {"dialect": "paper"}


def test_unknown_dialects_get_the_nearest():
    with pytest.raises(UnknownName, match="did you mean microsoft"):
        models.build("cvt-13", dialect="microsft")


def rates(**overrides):
    with mc.shapes_only():
        model = models.build("cvt-13", **overrides)
    return [block.drop_path.p for stage in model.stages for block in stage.blocks]


def test_transformers_reads_one_rate_for_a_whole_stage():
    assert rates()[3:] == pytest.approx([0.1 * j / 9 for j in range(10)])
    assert rates(dialect="hf")[3:] == pytest.approx([0.1 * 2 / 9] * 10)
    assert rates(dialect="lucidrains") == [0.0] * 13


def test_too_few_blocks_for_the_rule_of_transformers():
    with pytest.raises(OptionError, match="entry 1 of 1 in stage 1"):
        tiny(dialect="hf")


@pytest.mark.parametrize("drop_sum", [False, True])
def test_transformers_drops_the_whole_sample(drop_sum):
    """With the residual inside, a dropped sample is zero; without, it is kept."""
    model = tiny(drop_sum=drop_sum, drop_path=0.9, depths=(1, 2)).train()
    images = np.random.default_rng(0).normal(size=(32, 8, 8, 3))
    with mc.no_grad(), mc.observe() as events:
        model(images)
    (output,) = [
        e.output.numpy()
        for e in events
        if e.path == "stage1.blocks.1" and hasattr(e, "module")
    ]
    zero = np.abs(output).max(axis=(1, 2)) == 0
    assert zero.any() == drop_sum
    assert not zero.all()


def starts(**overrides):
    state = models.build("cvt-13", depths=1, **overrides).state_dict()
    return {k: float(v.std()) for k, v in state.items()}


def test_transformers_starts_convolutions_as_it_starts_linears():
    ours, theirs = starts(), starts(dialect="hf", drop_path_rule="linear")
    conv, bias = "stage0.patch_embed.proj.weight", "stage0.patch_embed.proj.bias"
    assert ours[conv] == pytest.approx(1 / np.sqrt(3 * 147), rel=0.05)
    assert theirs[conv] == pytest.approx(0.02, rel=0.05)
    assert ours[bias] > 0.02
    assert theirs[bias] == 0
    assert ours["head.bias"] == pytest.approx(1 / np.sqrt(3 * 384), rel=0.1)
    assert theirs["head.bias"] == 0


def test_lucidrains_starts_as_pytorch_does():
    theirs = starts(dialect="lucidrains")
    for name in ("weight", "bias"):
        spread = theirs[f"stage2.blocks.0.mlp.fc1.{name}"]
        assert spread == pytest.approx(1 / np.sqrt(3 * 384), rel=0.1)
