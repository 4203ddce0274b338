"""Kept runs are those of today's recipes, and none that is there is repeated."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from minicvt.cli import main
from minicvt.errors import CheckpointError
from minicvt.models import variant
from minicvt.train.seeds import interval
from minicvt.verify.equations import CLAIMS, kept, measure
from minicvt.verify.equations.arms import ARMS, TASKS, recipe
from minicvt.verify.equations.claims.cvt_measured import MARGIN


def test_every_arm_ran_on_every_task_with_the_same_seeds():
    runs = kept.shipped()
    seeds = {tuple(sorted(runs.of(task, arm))) for task in TASKS for arm in ARMS}
    assert len(seeds) == 1
    assert len(seeds.pop()) >= 5
    values = [x for task in TASKS for arm in ARMS for x in runs.of(task, arm).values()]
    assert 0 < min(values) <= max(values) <= 1


def test_effects_are_means_of_pairs():
    claim = next(claim for claim in CLAIMS if claim.id == "cvt-E10")
    row = next(row for row in claim.judged().rows if row.at.startswith("digits16"))
    runs = kept.shipped()
    ours, theirs = (runs.of("digits16", arm) for arm in ("cvt", "cvt, positions"))
    points = [100 * (ours[seed] - theirs[seed]) for seed in ours]
    mean, half = interval(points)
    assert row.right == pytest.approx((mean, mean - half, mean + half, len(points)))
    spread = np.std(points, ddof=1) / len(points) ** 0.5
    assert half > 2 * spread  # a t-interval is wider than a normal one
    assert row.left == f"> -{MARGIN:g}"


def test_arms_differ_in_one_thing():
    base = recipe("pair8", "cvt").overrides
    for arm in ("cvt, positions", "cvt, patches", "cvt, K/V stride 1", "cvt, linear"):
        other = recipe("pair8", arm).overrides
        assert len(set(other.items()) - set(base.items())) == 1
    for task in TASKS:
        for arm in ARMS:
            how = recipe(task, arm)
            assert variant(how.model, **how.overrides).name


def test_runs_of_other_recipes_are_refused(tmp_path: Path):
    runs = kept.shipped()
    other = {name: how | {"lr": 1.0} for name, how in runs.recipes.items()}
    kept.Kept(other).write(tmp_path / "runs.json")
    with pytest.raises(CheckpointError, match="other recipes than today's"):
        kept.read(tmp_path / "runs.json")


def test_what_is_kept_is_read_back(tmp_path: Path):
    kept.shipped().write(tmp_path / "runs.json")
    assert kept.read(tmp_path / "runs.json") == kept.shipped()


def test_measure_goes_on_where_it_stopped(tmp_path: Path, monkeypatch):
    trained = []

    def pretend(task: str, arm: str, seed: int) -> float:
        if len(trained) == 4:
            raise KeyboardInterrupt
        trained.append((task, arm, seed))
        return 0.5

    monkeypatch.setattr(measure, "trained", pretend)
    out = tmp_path / "new" / "runs.json"
    arguments = ["verify", "measure", "--seeds", "0-1", "--out", str(out)]
    assert main(arguments) == 130
    first = list(trained)
    monkeypatch.setattr(measure, "trained", lambda *run: trained.append(run) or 0.25)
    assert main(arguments) == 0
    assert len(trained) == len(set(trained)) == 2 * len(TASKS) * len(ARMS)
    read = kept.read(out)
    assert [read.of(task, arm)[str(seed)] for task, arm, seed in first] == [0.5] * 4


def test_a_run_trains_and_is_judged(monkeypatch, capsys):
    short = replace(recipe("pair8", "cvt", 3), epochs=1)
    monkeypatch.setattr(measure, "recipe", lambda *which: short)
    accuracy = measure.trained("pair8", "cvt", 3)
    assert 0.3 < accuracy < 1
    assert capsys.readouterr().out.startswith(f"pair8, seed 3, cvt: {accuracy:.2%} in")
