"""The faithfulness of maps as tables: every order, with intervals, and who wins."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from minicvt.data import Composites
from minicvt.interpret.faithfulness import Maps, deletion, orders, pointing
from minicvt.kernels.types import Array
from minicvt.tables import table
from minicvt.train import Estimate, bootstrap

SUBJECT = "rollout"


@dataclass(frozen=True, eq=False)
class Trial:
    """One order's results ``(versions, N)``: deletion area and pointing."""

    order: str
    areas: Array
    points: Array

    def of(self, measure: str) -> Array:
        """One number an image, ``(N,)``: the mean over the versions of the order."""
        return getattr(self, measure).mean(axis=0)


@dataclass(frozen=True, eq=False)
class Study:
    """All orders on the same images; ``scans`` say which show the same digit."""

    trials: list[Trial]
    scans: Array

    def difference(self, measure: str, trial: Trial, other: Trial) -> Estimate:
        """Mean of ``trial`` minus ``other``, image by image."""
        return bootstrap(trial.of(measure) - other.of(measure), self.scans)


def study(model: Any, dataset: Composites, count: int) -> Study:
    """Try every order on the first ``count`` held-out images."""
    images, boxes = dataset.test_images[:count], dataset.test_boxes[:count]
    maps: Maps = orders(model, images)
    trials = [
        Trial(
            order,
            np.array([deletion(model, images, one) for one in versions]),
            np.array([pointing(one, boxes) for one in versions]),
        )
        for order, versions in maps.items()
    ]
    return Study(trials, dataset.test_scans[:count])


def results(found: Study) -> str:
    """Lay out each order's mean with its interval."""
    rows = [
        (
            trial.order,
            bootstrap(trial.of("areas"), found.scans),
            bootstrap(trial.of("points"), found.scans),
        )
        for trial in found.trials
    ]
    return table(("order", "deletion area (low is good)", "pointing"), rows)


def differences(found: Study) -> str:
    """Lay out rollout minus each other order, paired."""
    subject = next(trial for trial in found.trials if trial.order == SUBJECT)
    rows = [
        (
            trial.order,
            found.difference("areas", subject, trial),
            found.difference("points", subject, trial),
        )
        for trial in found.trials
        if trial is not subject
    ]
    return table((f"{SUBJECT} minus", "deletion area", "pointing"), rows)


def verdicts(found: Study) -> list[str]:
    """Say for each measure which order wins, and which cannot be told from it."""
    return [
        _verdict(found, "areas", "Deletion: the lowest area is that of", min),
        _verdict(found, "points", "Pointing: the box is hit most often by", max),
    ]


def _verdict(found: Study, measure: str, opening: str, best: Any) -> str:
    winner = best(found.trials, key=lambda trial: trial.of(measure).mean())
    level = [
        trial.order
        for trial in found.trials
        if trial is not winner and _open(found.difference(measure, trial, winner))
    ]
    told = f"not told apart from it: {', '.join(level)}" if level else "it wins alone"
    return f"{opening} {winner.order}; {told}."


def _open(difference: Estimate) -> bool:
    return difference.low <= 0 <= difference.high


def single_versions(trial: Trial) -> str:
    """Say how far the versions of one order lie apart."""
    areas, points = trial.areas.mean(axis=1), trial.points.mean(axis=1)
    return (
        f"{trial.order}: the {len(areas)} versions have areas {areas.min():.3f} to "
        f"{areas.max():.3f}, pointing {points.min():.3f} to {points.max():.3f}."
    )


def paragraphs(found: Study) -> Sequence[str]:
    """Return the whole report on one model, a string a paragraph or table."""
    several = [single_versions(t) for t in found.trials if len(t.areas) > 1]
    return [results(found), "\n".join(several), differences(found), *verdicts(found)]
