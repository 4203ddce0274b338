"""Planted mistakes are called what they are, on three sets of random weights.

All of mutations.json, every choice of CvT's dialects, and our own mistakes: the right
cause is named first in each, and with it in the right model nothing else differs.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from minicvt.accounting.errata import stand_in
from minicvt.models import variant
from minicvt.models.dialects import DIALECTS, choices, differences
from minicvt.verify import compare
from tests.models.fingerprints import CAUSES
from tests.models.fixtures import fixture as cvt_fixture
from tests.models.relatives import fixture
from tests.verify import causes
from tests.verify.cvt_mistakes import MISTAKES, POOLING
from tests.verify.planting import weighed

SEEDS = (0, 1, 2)
SOME = [SEEDS[0], *(pytest.param(seed, marks=pytest.mark.slow) for seed in SEEDS[1:])]
OURS = {"a1_dwbn": MISTAKES, "a2_avg": POOLING}
CASES = [(fixture, mistake) for fixture in OURS for mistake in OURS[fixture]]


def share_named(found, expected):
    """Return the share of right first causes, and those that are not."""
    wrong = {k: found[k] for k in expected if found[k] != expected[k]}
    return 1 - len(wrong) / len(expected), wrong


@pytest.mark.parametrize("seed", SOME)
@pytest.mark.parametrize("name", CAUSES)
def test_every_fingerprint_is_named(name, seed):
    official = fixture(name)
    x, found = official.images(), {}
    for label, mutate in CAUSES[name].items():
        right, other = (weighed(official.model(), seed) for _ in range(2))
        made = compare(right, mutate(other), x)
        assert made.explained, label
        found[label] = made.cause
    expected = {label: causes.FINGERPRINTS[label] for label in CAUSES[name]}
    assert share_named(found, expected) == (1.0, {})


def on_one_seed_or_all():
    """Each mistake on one of the seeds; on the others too in make check-slow."""
    for name, mistake in CASES:
        for seed in SEEDS:
            first = seed == SEEDS[len(mistake) % len(SEEDS)]
            marks = () if first else pytest.mark.slow
            yield pytest.param(name, mistake, seed, marks=marks)


@pytest.mark.parametrize(("name", "mistake", "seed"), list(on_one_seed_or_all()))
def test_every_mistake_in_cvt_is_named(name, mistake, seed):
    official = cvt_fixture(name)
    right, other = (weighed(official.model().eval(), seed) for _ in range(2))
    made = compare(right, OURS[name][mistake](other), official.images())
    assert (made.cause, made.explained) == (mistake, True), str(made)


SMALL = {
    "image": (40, 56),
    "dims": (8, 16, 24),
    "depths": (2, 2, 3),
    "heads": (1, 2, 3),
    "mlp_ratios": 2.0,
    "num_classes": 7,
}


def of_dialect(seed, **changes):
    """Build a CvT of a dialect, with the weights of Microsoft's for this seed."""
    base = variant("cvt-13", **SMALL)
    state = weighed(base.build("float64"), seed).state_dict()
    config = replace(base.override(**changes), dialect="microsoft")
    model = config.build("float64").eval()
    names = [*dict(model.named_parameters()), *dict(model.named_buffers())]
    model.load_state_dict({name: state[stand_in(name)] for name in names})
    return model


def choices_that_show():
    """Choices that change what given weights answer, or make on the way."""
    base = variant("cvt-13", **SMALL)
    for dialect in DIALECTS:
        there = choices(replace(base, dialect=dialect))
        for choice in differences(dialect):
            same = there[choice.field] == getattr(base, choice.field)
            if not same and choice.field in causes.DIALECTS:
                yield dialect, choice.field, there[choice.field]


@pytest.mark.parametrize("seed", SOME)
@pytest.mark.parametrize(("dialect", "field", "value"), list(choices_that_show()))
def test_every_choice_of_a_dialect_is_named(dialect, field, value, seed):
    x = np.random.default_rng(5).normal(size=(2, 40, 56, 3))
    made = compare(of_dialect(seed), of_dialect(seed, **{field: value}), x)
    assert (made.causes, made.explained) == ([causes.DIALECTS[field]], True)


@pytest.mark.parametrize(
    ("dialect", "fields"),
    [
        ("microsoft", ()),
        ("hf", ("activation", "drop_sum")),
        pytest.param(
            "lucidrains",
            ("embed", "qkv_bias", "shared", "activation", "scale", "cls", "final_norm"),
            marks=pytest.mark.slow,  # seven searches; test_check.py has five of them
        ),
        ("paper", ("activation", "scale")),
    ],
)
def test_all_differences_of_a_dialect_are_found_one_behind_the_other(dialect, fields):
    x = np.random.default_rng(5).normal(size=(2, 40, 56, 3))
    made = compare(of_dialect(0), of_dialect(0, dialect=dialect), x)
    assert made.causes == [causes.DIALECTS[field] for field in fields]
    assert made.explained


@pytest.mark.parametrize("rule", ["across", "stage_index", "none"])
def test_the_rates_of_drop_path_show_in_training(rule):
    """With the same seed both draw the same masks: what differs are the rates."""
    x = np.random.default_rng(5).normal(size=(8, 40, 56, 3))
    drop = {"drop_path": (0.0, 0.4, 0.5)}
    made = compare(
        of_dialect(0, **drop).train(),
        of_dialect(0, **drop, drop_path_rule=rule).train(),
        x,
    )
    named = f"drop path's rates follow the rule {rule!r}"
    assert made.cause == (named if rule != "none" else "nothing is dropped")
    assert made.explained


@pytest.mark.parametrize("field", ["init", "drop_path_rule"])
def test_what_only_training_shows_is_no_difference_in_evaluation(field):
    for dialect in DIALECTS:
        value = choices(replace(variant("cvt-13", **SMALL), dialect=dialect))[field]
        x = np.random.default_rng(5).normal(size=(1, 40, 56, 3))
        made = compare(of_dialect(0), of_dialect(0, **{field: value}), x)
        assert made.agree, dialect
