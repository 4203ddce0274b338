"""float32 is as near to float64 as the official code's own float32 is."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from tests.models.inert import inert, published_gradients
from tests.models.relatives import Answers, answers, facts, fixture
from tests.oracle import relative_error

FLOORS = facts("fp32_noise")
TIMES = 4  # other sums in another order: the same size of error, not the same error


@cache
def answered(name: str) -> Answers:
    return answers(fixture(name), dtype="float32")


@pytest.mark.parametrize("name", FLOORS)
def test_logits(name):
    found = answered(name).outputs["logits"]
    assert found.dtype == np.float32
    apart = np.abs(found - fixture(name).values["eval/logits"]).max()
    assert apart <= TIMES * FLOORS[name]["logits_abs"]


@pytest.mark.parametrize("name", FLOORS)
def test_every_gradient(name):
    expected, _ = published_gradients(fixture(name), "eval")
    largest = max(np.abs(value).max() for value in expected.values())
    floor = TIMES * FLOORS[name]["worst_grad_rel"]
    found = answered(name).gradients
    assert {value.dtype for value in found.values()} == {np.dtype("float32")}
    for key, value in expected.items():
        if inert(name, "eval", key):
            assert np.abs(found[key]).max() <= floor * largest, key
        else:
            assert relative_error(found[key], value) <= floor, key
