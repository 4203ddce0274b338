"""Profilers reach zero by terms of our ledger, on this model and on others."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from minicvt.errors import MinicvtError
from minicvt.reconcile.conventions import terms
from minicvt.reconcile.profilers import (
    PROFILERS,
    Reading,
    ask,
    broken_biases,
    keep,
    kept,
    readings,
)
from minicvt.reconcile.recipes import BROKEN, RECIPES, WHY
from minicvt.reconcile.subjects import named

OFFICIAL = Path(__file__).parents[1] / "data" / "cvt" / "profilers.json"


def test_every_reading_is_kept_and_explained():
    assert kept().keys() == RECIPES.keys() == WHY.keys()
    asked = {name.split(":")[0] for name in RECIPES}
    assert asked == {*PROFILERS, "ptflops 0.6"}


@pytest.mark.parametrize("reading", readings(), ids=lambda reading: reading.name)
def test_terms_add_up_to_the_last_integer(reading):
    assert sum(term.amount for term in reading.terms) == reading.value
    assert reading.residual == 0
    assert not reading.now


@pytest.mark.parametrize("case", json.loads(OFFICIAL.read_text("utf-8")))
def test_the_same_terms_explain_the_official_code_at_other_sizes(case):
    """Measured on microsoft/CvT f851e68: no term fits CvT-13 at 224 by chance."""
    model = named(case["model"], image=(case["side"], case["side"]))
    for name in ("fvcore: FLOPs", "ptflops 0.6: MACs"):
        made = terms(RECIPES[name], model.amounts)
        assert sum(term.amount for term in made) == case[name]


def test_what_no_term_explains_is_the_residual():
    (first, *_) = readings()
    assert Reading("", first.value + 7, "", first.terms).residual == 7


def test_biases_that_one_product_leaves_out():
    """Stages 1 and 2 of CvT-13: q at every place, k and v at a quarter of them."""
    places = 56 * 56 * 64 + 2 * 28 * 28 * 192
    assert broken_biases(named("cvt-13")) == places + places // 2
    assert broken_biases(named("cvt-13", cls=True)) == 0
    assert BROKEN not in named("cvt-13").amounts


def test_a_profiler_that_is_not_there_is_said_by_its_absence(tmp_path):
    bare = tmp_path / "python"
    bare.write_text(f'#!/bin/sh\nexec {sys.executable} -S "$@"\n', encoding="utf-8")
    bare.chmod(0o755)
    assert all(ask(str(bare), name) == {} for name in PROFILERS)


def test_a_profiler_that_fails_is_one_line(tmp_path):
    broken = tmp_path / "python"
    broken.write_text("#!/bin/sh\necho whole story >&2\necho why >&2\nexit 1\n")
    broken.chmod(0o755)
    with pytest.raises(MinicvtError, match=r"fvcore failed in .*: why$"):
        ask(str(broken), "fvcore")


def test_what_is_kept_can_be_read_again(tmp_path):
    file = tmp_path / "measured.json"
    keep(file, readings())
    assert json.loads(file.read_text("utf-8")) == kept()


@pytest.mark.slow
@pytest.mark.parametrize("name", PROFILERS)
def test_those_that_are_installed_say_it_again(name):
    said = ask(sys.executable, name)
    if not said:
        pytest.skip(f"{name} is not installed: pip install 'minicvt[profilers]'")
    for reading, found in said.items():
        same = kept()[reading]["versions"].split(", ")[0] in found["versions"]
        assert not same or found["value"] == kept()[reading]["value"]
    assert set(said) <= RECIPES.keys()
