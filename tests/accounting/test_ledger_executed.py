"""What is counted by shapes alone is what runs: entry by entry, there and back."""

from __future__ import annotations

import numpy as np
import pytest

import minicvt as mc
from minicvt.accounting import Ledger, count
from tests.accounting.executed import MODELS, build, picture, step

BODIES = ["numpy", pytest.param("numba", marks=pytest.mark.numba)]
every_model = pytest.mark.parametrize("name", MODELS)


def differing(ours: Ledger, theirs: Ledger) -> list[tuple]:
    """Entries that are not the same, in order."""
    pairs = zip(ours.entries, theirs.entries, strict=True)
    return [(a, b) for a, b in pairs if a != b]


@every_model
@pytest.mark.parametrize("training", [True, False])
def test_a_step_by_shapes_alone_is_the_step_that_runs(name: str, training: bool):
    model = build(name).train(training)
    ran, *_ = step(model, picture(model))
    assert differing(count(model, backward=True), ran) == []
    with mc.shapes_only():
        blank = mc.models.build(*MODELS[name][:1], **MODELS[name][1])
    assert differing(count(blank.train(training), backward=True), ran) == []


@every_model
def test_a_forward_pass_keeps_nothing_without_a_tape(name: str):
    model = build(name)
    with count() as ran, mc.train.evaluation(model):
        model(picture(model))
    assert differing(count(model), ran) == []
    assert ran.total("kept") == 0 < ran.total("written")


@every_model
@pytest.mark.parametrize("body", BODIES)
def test_what_rules_say_is_kept_is_what_the_closures_hold(name: str, body: str):
    model = build(name)
    with mc.kernels.use(body):
        ledger, _, tape = step(model, picture(model))
    ran = iter(
        (entry.operation, entry.path, entry.output, entry.kept)
        for entry in ledger.entries
    )
    for row in tape:  # all that ran, but what no answer came of
        assert (row.operation, row.path, row.shape, row.kept) in ran
    assert ledger.total("kept") == tape.kept > 0


@every_model
def test_every_parameter_is_counted_once(name: str):
    model = build(name)
    with count() as ledger:
        for _ in range(2):
            model(picture(model))
    assert ledger.total("parameters") == model.count_parameters()
    used = [e.parameters for e in ledger.entries]
    assert sum(used[len(used) // 2 :]) == 0


def test_backward_runs_every_recorded_operation_once():
    model = build("cvt")
    ledger, _, tape = step(model, picture(model))
    back = [e for e in ledger.entries if e.direction == "backward"]
    names = [(e.operation, e.path) for e in back]
    assert sorted(names) == sorted((row.operation, row.path) for row in tape)
    assert names[0] == ("linear", "head")
    assert names[-1][1] == "stage0.patch_embed.proj"


def test_a_second_step_is_counted_like_the_first():
    """Though the first one's memory is free again, and may be the second one's."""
    model = build("cvt")
    with count() as ledger:
        for _ in range(2):
            logits = model(picture(model))
            logits.backward(np.ones(logits.shape, logits.dtype))
    half = len(ledger.entries) // 2
    first, second = ledger.entries[:half], ledger.entries[half:]
    assert [e.kept for e in first] == [e.kept for e in second]
    assert [e.macs for e in first] == [e.macs for e in second]
