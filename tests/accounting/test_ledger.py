"""The ledger: integers, however grouped, and what stride 2 saves."""

from __future__ import annotations

import numpy as np
import pytest

import minicvt as mc
from minicvt import models
from minicvt.accounting import (
    GROUPINGS,
    count,
    kv_savings,
    parameters_by_part,
    parts_table,
)
from minicvt.cli import main
from minicvt.errors import UnknownName

CVT13 = models.variant("cvt-13")


@pytest.fixture(scope="module")
def cvt13():
    with mc.shapes_only():
        return CVT13.build()


@pytest.mark.parametrize("grouping", list(GROUPINGS))
def test_every_grouping_adds_up(cvt13, grouping):
    ledger = count(cvt13)
    assert sum(ledger.by(grouping).values()) == ledger.macs


def test_parts_are_those_of_the_official_code(cvt13):
    """Integers of facts about microsoft/CvT, counted by hooks there."""
    macs = count(cvt13).by("part")
    assert macs == {
        "token embedding": 246_263_808,
        "convolutional projection": 11_289_600 + 5_644_800,
        "q, k, v linear": 361_136_128 + 182_779_904,
        "attention products": 2 * 254_182_912,
        "output linear": 361_136_128,
        "MLP": 2_889_089_024,
        "head": 384_000,
    }
    assert count(cvt13).by("stage") == {
        "stage0": 481_789_952,
        "stage1": 815_711_232,
        "stage2": 3_268_204_032,
        "head": 384_000,
    }
    parameters = parameters_by_part(cvt13)
    assert parameters["convolutional projection"] == 115_776 + 25_728
    assert parameters["class token"] == 384


def test_a_ledger_counts_what_runs_inside_and_nothing_else():
    a, b = np.ones((5, 7)), np.ones((7, 3))
    mc.ops.matmul(a, b)
    with count() as ledger:
        mc.ops.matmul(a, b)
        mc.ops.add(a, a)
    mc.ops.matmul(a, b)
    assert [entry.operation for entry in ledger.entries] == ["matmul", "add"]
    assert ledger.macs == 5 * 7 * 3


def test_counting_leaves_the_mode_of_the_model():
    model = models.build("cvt-c8w")
    count(model)
    assert all(module.training for _, module in model.named_modules())


def test_stride_two_saves_four_times_the_keys_except_where_it_does_not():
    savings = {s.quantity: s for s in kv_savings(CVT13, (224, 224))}
    assert savings["keys of stage0"].ratio == 4
    assert savings["keys of stage2"].ratio == 197 / 50
    assert savings["MACs of the model"].stride_1 == 6_643_074_560
    odd = {s.quantity: s for s in kv_savings(CVT13, (28, 28))}
    assert odd["keys of stage0"].ratio == 49 / 16


def test_unknown_groupings_get_the_nearest():
    with pytest.raises(UnknownName, match="stage"):
        count(models.build("cvt-c8w")).by("stages")


@pytest.mark.parametrize("by", ["part", "stage", "module", "kind"])
def test_the_command_prints_total_and_savings(capsys, by):
    assert main(["count", "cvt-c8w", "--by", by]) == 0
    printed = capsys.readouterr().out
    assert "766,272" in printed
    assert "keys of stage0" in printed


def test_the_command_prints_the_ratios_of_cvt_13(capsys):
    assert main(["count", "cvt-13"]) == 0
    lines = capsys.readouterr().out.splitlines()[-5:]
    assert [line.split()[-1] for line in lines] == [
        *("4.000x", "4.000x", "3.940x", "3.991x", "1.455x")
    ]


def test_the_parts_table_names_its_total():
    last = parts_table(CVT13, (224, 224)).splitlines()[-1].split()
    assert last == ["total", "19,997,480", "4,566,089,216"]
