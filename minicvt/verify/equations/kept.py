"""What ``minicvt verify measure`` found, in a JSON file beside this one.

::

    minicvt verify measure --seeds 0-9 --out minicvt/verify/equations/measured.json

The file holds every run's test accuracy; differences, intervals and verdicts are
computed from them when they are read. Runs of other recipes than today's are nothing.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from minicvt.errors import CheckpointError
from minicvt.files import StrPath, write_atomic
from minicvt.verify.equations.arms import ARMS, TASKS, recipe

Accuracies = dict[str, dict[str, dict[str, float]]]


@dataclass
class Kept:
    """Test accuracy by task, arm and seed, with the recipes they are of."""

    recipes: dict[str, dict[str, Any]]
    accuracy: Accuracies = field(default_factory=dict)

    def of(self, task: str, arm: str) -> dict[str, float]:
        """Accuracies of one arm by seed, to read or to add to."""
        return self.accuracy.setdefault(task, {}).setdefault(arm, {})

    def pairs(self, task: str, arm: str, other: str) -> list[float]:
        """Return accuracy of ``arm`` minus that of ``other``, in points, by seed."""
        ours, theirs = self.of(task, arm), self.of(task, other)
        return [100 * (ours[seed] - theirs[seed]) for seed in ours if seed in theirs]

    def write(self, path: StrPath) -> None:
        """Write it as JSON that diffs well."""
        write_atomic(path, (json.dumps(asdict(self), indent=1) + "\n").encode())


def todays_recipes() -> dict[str, dict[str, Any]]:
    """Return what would be trained now, as JSON gives it back; the seed apart."""
    everything = {
        f"{task}: {arm}": asdict(recipe(task, arm)) for task in TASKS for arm in ARMS
    }
    plain: dict[str, dict[str, Any]] = json.loads(json.dumps(everything))
    return plain


def read(path: StrPath) -> Kept:
    """Read what was kept; raises ``CheckpointError`` for runs of other recipes."""
    kept = Kept(**json.loads(Path(path).read_text(encoding="utf-8")))
    if kept.recipes != todays_recipes():
        raise CheckpointError(f"{path}: holds runs of other recipes than today's")
    return kept


@cache
def shipped() -> Kept:
    """Return the runs that come with the library."""
    return read(str(files("minicvt.verify.equations").joinpath("measured.json")))
