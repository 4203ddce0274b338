"""When a count is what is printed, and what each way of counting adds."""

from __future__ import annotations

import itertools
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minicvt as mc
from minicvt import models
from minicvt.accounting import count
from minicvt.reconcile.amounts import PRODUCTS, amounts, four_digits
from minicvt.reconcile.conventions import CONVENTIONS, every, fit, fitting, terms
from minicvt.reconcile.subjects import named

M = 10**6


@pytest.mark.parametrize(
    ("count", "printed", "how"),
    [
        (19_997_480, "20.0", "rounds"),
        (19_997_480, "20", "rounds"),
        (19_997_480, "19", "truncates"),
        (19_997_480, "19.98", None),
        (24_485_864, "25", "rounds twice"),
        (24_485_864, "24.5", "rounds"),
        (24_485_864, "26", None),
        (25_500_000, "26", "rounds"),
        (304_715_752, "307", None),
    ],
)
def test_a_count_rounds_truncates_or_does_not_fit(count, printed, how):
    assert fit(count, printed, M) == how


@given(st.integers(0, 10**12), st.integers(0, 3))
def test_what_is_rounded_or_cut_fits_and_what_is_two_digits_off_does_not(count, places):
    exact, digit = Decimal(count) / M, Decimal(1).scaleb(-places)
    cut = exact - exact % digit
    assert fit(count, f"{cut:.{places}f}", M) in ("rounds", "truncates")
    assert fit(count, f"{cut + 2 * digit:.{places}f}", M) is None


def test_what_is_added_to_the_macs_must_round():
    counts = {"plain": 4_566, "more": 4_576, "less": 4_050}
    assert fitting(counts, "4.5", 1000) == {"plain": "truncates"}
    assert fitting(counts, "4.6", 1000) == {"plain": "rounds", "more": "rounds"}
    assert fitting(counts, "4.1", 1000) == {"less": "rounds"}
    twice = {"plain": 4_449, "more": 4_500}
    assert fitting(twice, "4.5", 1000) == {"more": "rounds", "plain": "rounds twice"}


@pytest.mark.parametrize(
    "name", ["cvt-13", "cmt-ti", "ceit-tiny", "t2t-7", "t2t-t-14", "pvt-tiny"]
)
def test_the_products_are_the_ledgers_macs(name):
    with mc.shapes_only():
        ledger = count(models.build(name))
    found = amounts(ledger)
    assert sum(found[product] for product in PRODUCTS) == found["MACs"] == ledger.macs
    assert all(amount >= 0 for term, amount in found.items() if "digits" not in term)


def test_terms_are_what_runs():
    """A convolution, a norm, an attention and a Linear, counted by hand."""
    rng = mc.nn.Init("float32", 0)
    with mc.count() as ledger:
        tokens = mc.nn.Conv2d(3, 4, 3, 2, 1, init=rng)(
            mc.Tensor(rng.normal(1, 9, 7, 3))
        )
        tokens = mc.nn.LayerNorm(4, init=rng)(tokens.reshape(1, 20, 4))
        heads = mc.nn.attention.split_heads(tokens, 2)
        mc.ops.attend(heads, heads[:, :, :6], heads[:, :, :6], scale=0.5)
        mc.ops.quick_gelu(mc.nn.Linear(4, 5, init=rng)(tokens))
    found = amounts(ledger)
    assert found["convolutions"] == 20 * 4 * 3 * 9
    assert found["biases of convolutions"] == found["LayerNorm"] == 80
    assert found["attention products"] == 2 * 2 * 20 * 6 * 2
    assert found["softmax"] == 2 * 20 * 6
    assert found["Linear maps"] == 20 * 4 * 5
    assert found["biases of other Linear"] == found["activations"] == 100
    assert found["biases of other Linear, once"] == 5
    assert found["Linear weights, once"] == 20


@pytest.mark.parametrize("name", CONVENTIONS)
def test_the_terms_of_every_way_add_up(name):
    with mc.shapes_only():
        found = amounts(count(models.build("cvt-c8w")))
    made = terms(CONVENTIONS[name], found)
    assert sum(term.amount for term in made) == every(found)[name]
    assert all(term.amount for term in made)


TIMES = {
    "attention products": (-1, 0),
    "biases of attention Linear": (0, 1),
    "biases of other Linear": (0, 1),
    "biases of convolutions": (0, 1),
    "residual sums": (0, 1),
    "LayerNorm": (0, 1, 2, 4, 5),
    "BatchNorm": (0, 1, 2, 4),
    "softmax": (0, 1, 2, 3, 5),
    "activations": (0, 1, 2, 4),
}
"""How often somebody may count each term besides the MACs."""


def test_no_way_of_counting_gives_more_than_two_of_cvts_six_figures():
    """As cvt-T2-flops has it: of the FLOPs in tables 2 and 3, at 224 and at 384."""
    small, large = ("4.53", "7.13", "60.86"), ("16.3", "24.9", "193.2")
    ways = np.array(list(itertools.product(*TIMES.values())))
    met = np.zeros(len(ways), int)
    for side, figures in ((224, small), (384, large)):
        for name, printed in zip(("cvt-13", "cvt-21", "cvt-w24"), figures, strict=True):
            found = named(name, image=(side, side)).amounts
            counts = found["MACs"] + ways @ [found[term] for term in TIMES]
            met += [fit(int(n), printed, 1000 * M) is not None for n in counts]
    assert len(ways) == 12_800
    assert met.max() == 2


def test_four_digits_are_those_of_numpys_report():
    """1,234,567 products are 2,469,134 FLOPs, printed as 2.469e+06."""
    assert four_digits(1_234_567) == 2_469_000 // 2 - 1_234_567
    assert four_digits(5000) == 0
