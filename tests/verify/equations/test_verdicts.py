"""Verdicts are computed from rows: what holds, what fails, and what excuses it."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest

from minicvt.verify.equations.reading import (
    EQUAL,
    LESS,
    PRINTED,
    About,
    Effect,
    Gain,
    NoLoss,
)
from minicvt.verify.equations.row import Row
from minicvt.verify.equations.verdict import (
    APPROXIMATE,
    CONTRADICTED,
    EXACT,
    IF,
    IFF,
    NOTHING,
)

A, B = ("a",), ("b",)
GOOD, BAD = Row("good", 1, 1), Row("bad", 1, 2)


@pytest.mark.parametrize(
    ("rows", "kind", "conditions", "against"),
    [
        ([GOOD, GOOD], EXACT, (), []),
        ([GOOD, BAD], CONTRADICTED, (), [1]),
        ([GOOD, BAD._replace(unmet=A)], IFF, A, [1]),
        ([GOOD, BAD._replace(unmet=A), GOOD._replace(unmet=A)], IF, A, [1]),
        # A condition that is not needed is none.
        ([GOOD, GOOD._replace(unmet=A)], EXACT, (), []),
        ([GOOD, BAD._replace(unmet=A), GOOD._replace(unmet=B)], IF, A, [1]),
        # Nor is one that fails only together with another.
        ([GOOD, BAD._replace(unmet=A), BAD._replace(unmet=A + B)], IFF, A, [1]),
        ([GOOD, BAD._replace(unmet=A + B)], IFF, (), [1]),
        # The first counter-example is the one that is shown.
        ([BAD._replace(unmet=B), GOOD, BAD._replace(unmet=A)], IFF, B + A, [0, 2]),
        ([BAD._replace(unmet=A), BAD._replace(unmet=A)], IFF, A, [0]),
        # Conditions excuse nothing where they are met.
        ([BAD, BAD._replace(unmet=A)], CONTRADICTED, (), [0]),
        ([], NOTHING, (), []),
    ],
)
def test_conditions_are_those_that_a_counter_example_needs(
    rows, kind, conditions, against
):
    verdict = EQUAL.verdict(rows)
    assert (verdict.kind, verdict.conditions) == (kind, conditions)
    assert [
        row is rows[i] for row, i in zip(verdict.against, against, strict=True)
    ] == [True] * len(against)


@pytest.mark.parametrize(
    ("text", "counted", "holds"),
    [
        ("4.5", Fraction(4549, 1000), True),
        ("4.5", Fraction(4550, 1000), False),
        ("4.5", Fraction(4450, 1000), True),
        ("4.5", Fraction(4449, 1000), False),
        ("4.0", 4.04, True),
        ("86", Fraction(8657, 100), False),
        ("632", Fraction(63205, 100), True),
        ("14", Fraction(55, 4), True),
    ],
)
def test_a_printed_number_is_one_that_rounds_to_it(text, counted, holds):
    row = Row("", Decimal(text), counted)
    assert PRINTED.holds(row) is holds


def test_less_is_less():
    assert LESS.holds(Row("", 1, 2))
    assert not LESS.holds(Row("", 2, 2))


def test_an_approximation_says_how_far_off_it_is():
    rows = [Row("", 99, 100), Row("", 203, 200), Row("", 0, 1, A)]
    verdict = About(0.02).verdict(rows)
    assert (verdict.kind, verdict.error) == (IFF, pytest.approx(0.015))
    assert About(0.02).verdict(rows[:2]).kind == APPROXIMATE
    assert About(0.01).verdict(rows[:2]).kind == CONTRADICTED
    assert About(0.02).verdict([GOOD]).kind == EXACT


@pytest.mark.parametrize(
    ("low", "high", "no_loss", "gain"),
    [
        (-0.5, 0.5, "supported", "open"),
        (-3.0, 3.0, "open", "open"),  # a wide interval is not equivalence
        (-3.0, 0.5, "open", "open"),
        (-3.0, -1.5, "contradicted", "contradicted"),
        (-0.9, -0.1, "supported", "contradicted"),
        (0.1, 9.0, "supported", "supported"),
        (-1.0, 0.0, "open", "open"),
    ],
)
def test_an_interval_is_read_as_a_whole(low, high, no_loss, gain):
    effect = Effect((low + high) / 2, low, high, 5)
    assert NoLoss(1.0).finding(effect) == no_loss
    assert Gain().finding(effect) == gain


def test_the_worst_task_decides():
    def kind(*intervals):
        rows = [Row("", "> 0", Effect(0, *ends, 5)) for ends in intervals]
        return Gain().verdict(rows).kind

    good, wide, bad = (1, 2), (-1, 1), (-2, -1)
    assert kind(good, good) == "empirical: supported"
    assert kind(good, wide) == "empirical: open"
    assert kind(good, wide, bad) == "empirical: contradicted"
    assert kind() == "empirical: not measured here"
