"""Executable errata: what the differences do, and the command that shows it."""

from __future__ import annotations

import numpy as np
import pytest

from minicvt import cli, models
from minicvt.accounting.errata import ALL, errata, random_state, stand_in
from minicvt.models.dialects import DIALECTS, WHOSE, differences
from minicvt.tables import markdown

SMALL = models.variant("cvt-rgb32", depths=(1, 2, 3), dialect="microsoft")


@pytest.fixture(scope="module")
def effects():
    return {(e.dialect, e.choice): e for e in errata(SMALL, (40, 24))}


def test_every_difference_is_measured(effects):
    expected = {
        (dialect, choice.field)
        for dialect in DIALECTS
        for choice in differences(dialect)
        # rgb32's kernels are 3: half of them and half their overlap are the same
        if (dialect, choice.field) != ("lucidrains", "embed")
    }
    together = {(dialect, ALL) for dialect in ("hf", "lucidrains", "paper")}
    assert effects.keys() == expected | together
    assert not any(effect.refused for effect in effects.values())


def test_what_moves_answers_and_what_does_not(effects):
    training = {"drop_path_rule", "drop_sum", "init"}
    for (_, choice), effect in effects.items():
        assert (effect.difference == 0) == (choice in training)
        assert (effect.shows == "answers") == (choice not in training)
        assert effect.relative < 10


def test_transformers_differ_by_their_gelu_alone(effects):
    gelu, both = effects["hf", "activation"], effects["hf", ALL]
    assert both.difference == gelu.difference
    assert 1e-3 < gelu.relative < 1e-1
    assert (both.parameters, both.macs) == (0, 0)


def test_parameters_and_macs_are_counted(effects):
    blocks = list(zip(SMALL.dims, SMALL.depths, strict=True))
    biases = -3 * sum(dim * depth for dim, depth in blocks)
    assert effects["lucidrains", "qkv_bias"].parameters == biases
    shared = -11 * sum(dim * depth for dim, depth in blocks)
    assert effects["lucidrains", "shared"].parameters == shared
    assert effects["lucidrains", "cls"].parameters == -SMALL.dims[-1]
    assert effects["lucidrains", "final_norm"].parameters == -2 * SMALL.dims[-1]
    together = effects["lucidrains", ALL]
    parts = [e for (name, c), e in effects.items() if name == "lucidrains" and c != ALL]
    assert together.parameters == sum(effect.parameters for effect in parts)
    assert together.macs < 0


def test_what_cannot_be_built_is_said():
    config = models.variant("cvt-c8w")
    refused = {e.choice: e.refused for e in errata(config, (8, 8)) if e.refused}
    assert refused.keys() == {"drop_path_rule", ALL}
    assert "entry 1 of 1" in refused[ALL]


def test_the_random_state_leaves_nothing_at_zero_or_one():
    state = random_state(SMALL, np.random.default_rng(0))
    drawn = [v for name, v in state.items() if "num_batches" not in name]
    assert all(len(np.unique(value)) == value.size for value in drawn)


@pytest.mark.parametrize(
    ("name", "official"),
    [
        ("stage0.blocks.1.attn.conv_proj_kv.bn.bias", "conv_proj_k"),
        ("stage0.blocks.1.attn.conv_proj_qkv.bn.bias", "conv_proj_q"),
        ("stage0.blocks.1.attn.proj_k.bias", "proj_k"),
    ],
)
def test_whose_weights_a_shared_convolution_has(name, official):
    assert official in stand_in(name).split(".")


def test_the_command_prints_every_dialect(capsys):
    assert cli.main(["dialects", "cvt-c8w", "--image", "9x14"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("cvt-c8w at 9 x 14")
    assert all(f"\n{name}: {whose}\n" in out for name, whose in WHOSE.items())
    for choices in DIALECTS.values():
        unsaid = ("embed", "drop_path_rule")  # no difference here, or no model
        assert all(c.source in out for c in choices if c.field not in unsaid)


def test_the_command_prints_markdown(capsys):
    assert cli.main(["dialects", "cvt-c8w", "--markdown"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("# cvt-c8w at 8 x 8")
    assert [line for line in lines if line.startswith("## ")] == [
        f"## {name}: {whose}" for name, whose in WHOSE.items()
    ]
    start = "| activation | quick_gelu | gelu | 0 |"
    assert any(line.startswith(start) for line in lines)


def test_a_markdown_table():
    expected = "| a | b |\n| --- | ---: |\n| x\\|y | 1,200 |\n| True | -3 |"
    assert markdown(("a", "b"), [("x|y", 1200), (True, -3)]) == expected
