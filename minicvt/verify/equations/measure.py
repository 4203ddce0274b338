"""What ``minicvt verify measure`` runs: every arm on every task, once a seed."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

from minicvt.data import load
from minicvt.files import StrPath, ready_folder
from minicvt.train.loop import fit
from minicvt.verify.equations.arms import ARMS, TASKS, recipe
from minicvt.verify.equations.kept import Kept, read, todays_recipes


def measure(seeds: Sequence[int], out: StrPath) -> Kept:
    """Train every arm on every task once a seed, and keep the accuracies in ``out``.

    A run that is in ``out`` already is not trained again, so that the same command
    goes on where it stopped. Raises ``CheckpointError`` if ``out`` holds runs of other
    recipes, and ``OSError`` where it cannot be written.
    """
    ready_folder(Path(out).parent)
    kept = read(out) if Path(out).exists() else Kept(todays_recipes())
    for task in TASKS:
        for seed in seeds:
            for arm in ARMS:
                if str(seed) not in kept.of(task, arm):
                    kept.of(task, arm)[str(seed)] = trained(task, arm, seed)
                    kept.write(out)
    return kept


def trained(task: str, arm: str, seed: int) -> float:
    """Train one model and return its accuracy on the test images."""
    began = time.perf_counter()
    how, dataset = recipe(task, arm, seed), load(task, seed)
    history = fit(how.build(dataset), dataset, how)
    accuracy = history.epochs[-1].test_accuracy
    took = time.perf_counter() - began
    print(f"{task}, seed {seed}, {arm}: {accuracy:.2%} in {took:.0f} s", flush=True)
    return accuracy
