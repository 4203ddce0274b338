"""Every detail in the list can be made, changes something, and is then named.

Made by the list itself: that it can be told from all others is what is tested here.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import numpy as np
import pytest

from minicvt.models import build
from minicvt.verify import Recording, compare
from minicvt.verify.microscope.experiments import attempt, changed
from minicvt.verify.microscope.gradients import drawn, gradients, run
from minicvt.verify.microscope.hypotheses import HYPOTHESES
from minicvt.verify.microscope.mistakes import RULES
from minicvt.verify.microscope.recording import record
from minicvt.verify.microscope.twin import twin
from minicvt.verify.microscope.walks import WALKS
from tests.verify.planting import weighed

CVT = {"dims": (12, 24), "heads": (2, 4), "depths": (1, 2), "cls": (False, True)}
MODELS = {
    "cvt-digits16": CVT | {"activation": "quick_gelu"},
    "cvt-c8w": CVT | {"projection": "avg", "in_chans": 1, "image": (16, 16)},
    "vit-digits16": {"representation": 8},
    "deit-digits16": {},
    "pvt-digits16": {},
    "t2t-digits16": {},
    "t2t-t-14": {
        "image": (16, 16),
        "in_chans": 1,
        "num_classes": 10,
        "stem_dim": 8,
        "dims": (24,),
        "depths": (1,),
        "heads": (3,),
        "embed": ((3, 1, 1),),
    },
    "ceit-digits16": {},
    "cmt-digits16": {},
    "resnet-50": {
        "image": (16, 16),
        "in_chans": 1,
        "num_classes": 10,
        "stem_dim": 8,
        "dims": (16, 32),
        "depths": (1, 2),
    },
}
OURS_ALREADY = {
    "BatchNorm's eps is 1e-05",
    "the padding is half the overlap k - s, rounded up",
    "keys and values have stride 2",
    "the denominator's epsilon is 1e-08",
    "the head's activation is SiLU, x sigmoid(x)",
}
"""What is so in these models: others, and models made otherwise, have it otherwise."""
IN_TRAINING = {
    "BatchNorm uses the remembered statistics",
    "BatchNorm's variance is divided by n - 1",
    "nothing is dropped",
    "drop path's rates follow the rule 'linear'",
    "drop path's rates follow the rule 'across'",
    "drop path's rates follow the rule 'stage_index'",
}


def images():
    return np.random.default_rng(4).normal(size=(3, 16, 16, 1))


@cache
def model(name):
    return weighed(build(name, dtype="float64", **MODELS[name]), 1).eval()


def planted(hypothesis) -> Iterator[tuple[str, object]]:
    """Yield models in which the detail can be otherwise, each with one that has it."""
    for name in MODELS:
        right = model(name)
        found = dict(right.named_modules())
        kin = [path for path in found if isinstance(found[path], hypothesis.kinds)]
        other = changed(right, hypothesis, kin) if kin else None
        made = other and attempt(twin(other), (images(),), "")
        if made and not same(made, record(twin(right), images())):
            yield name, other


def same(made, right):
    both = made.points.keys() & right.points.keys()
    return all(
        made.points[path].shape == right.points[path].shape
        and np.array_equal(made.points[path], right.points[path])
        for path in both
    )


@pytest.mark.slow
@pytest.mark.parametrize("hypothesis", HYPOTHESES, ids=lambda h: h.says)
def test_every_hypothesis_is_named_where_it_holds(hypothesis):
    names = []
    for name, other in planted(hypothesis):
        made = compare(model(name), other, images())
        names = [reason.says for reason in made.first.reasons]
        if hypothesis.says in names:
            break
    shows = hypothesis.says not in OURS_ALREADY | IN_TRAINING
    assert (hypothesis.says in names) == shows


def test_no_two_say_the_same_of_one_kind():
    said = [(h.says, kind) for h in HYPOTHESES for kind in h.kinds]
    assert len(said) == len(set(said))


@cache
def ways_back():
    """Models, whose gradients between them go through every kind of operation."""
    training = weighed(build("cvt-digits16", dtype="float64", **CVT), 1).train()
    pooled = dict(MODELS["cvt-c8w"], cls=(False, False))
    mean = weighed(build("cvt-c8w", dtype="float64", **pooled), 1).eval()
    tanh = {"activation": "gelu_tanh"}
    approximate = weighed(build("vit-digits16", dtype="float64", **tanh), 1).eval()
    return [model("cvt-digits16"), training, mean, model("pvt-digits16"), approximate]


@pytest.mark.slow
@pytest.mark.parametrize("rule", [*WALKS, *RULES], ids=lambda rule: rule.says)
def test_every_mistake_on_the_way_back_is_named_where_it_shows(rule):
    named = []
    for right in ways_back():
        answer = run(right, images()).answer
        cotangent = drawn(answer.numpy(), 0)
        found = gradients(right, images(), cotangent, rule)
        points = record(twin(right), images()).points
        made = compare(right, Recording(points, found, cotangent), images())
        if not made.agree:
            named = [reason.says for reason in made.first.reasons]
            break
    assert rule.says in named
