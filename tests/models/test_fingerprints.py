"""Each mistake moves our logits as far as it moved the official code's.

So it is really on the other side of the fence, and a model that makes it is known by
how far it is off.
"""

from __future__ import annotations

import numpy as np
import pytest

from tests.models.fingerprints import FINGERPRINTS
from tests.models.relatives import facts, fixture

MOVED = facts("mutations")
APART = 1e-5  # measured: 4e-7 at most, where the move itself is 5e-9
ROUNDING = 1e-13  # where nothing should move


def moved(fingerprint) -> float:
    """How far the logits of a model with this mistake are from the official ones."""
    official = fixture(fingerprint.fixture)
    model = fingerprint.mutate(official.model())
    logits = model(official.images()).numpy()
    return float(np.abs(logits - official.values["eval/logits"]).max())


@pytest.mark.parametrize(
    "fingerprint", FINGERPRINTS, ids=lambda f: f"{f.fixture}: {f.label}"
)
def test_a_mistake_moves_the_logits_as_far_as_the_official_codes(fingerprint):
    expected = MOVED[fingerprint.fixture][fingerprint.label]
    assert moved(fingerprint) == pytest.approx(expected, rel=APART, abs=ROUNDING)


def test_no_mistake_is_left_out():
    known = {(name, label) for name, labels in MOVED.items() for label in labels}
    assert known == {(f.fixture, f.label) for f in FINGERPRINTS}
