"""What ``minicvt train`` runs."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from minicvt import models
from minicvt.data import load
from minicvt.errors import unknown
from minicvt.files import StrPath, ready_folder
from minicvt.train.history import History
from minicvt.train.loop import fit
from minicvt.train.progress import Progress, clock
from minicvt.train.recipes import RECIPES, Recipe
from minicvt.train.seeds import interval


def train(
    task: str,
    seeds: Sequence[int] = (0,),
    *,
    epochs: int | None = None,
    out: StrPath | None = None,
) -> list[History]:
    """Train ``task``'s recipe once a seed and print each result, mean and interval.

    A seed changes split, initialisation and order together. With ``out``, each run
    is saved there after every epoch, and the same command continues what was
    interrupted. Raises ``UnknownName``, ``CheckpointError``, ``NotFiniteError``, and
    ``OSError`` where ``out`` cannot be written.
    """
    if task not in RECIPES:
        raise unknown("task", task, RECIPES)
    recipe = RECIPES[task] if epochs is None else replace(RECIPES[task], epochs=epochs)
    if out is not None:
        ready_folder(out)
    histories = []
    for seed in seeds:
        began = time.perf_counter()
        history = train_seed(task, replace(recipe, seed=seed), out)
        took = clock(time.perf_counter() - began)
        final = history.epochs[-1].test_accuracy
        print(f"{task}, seed {seed}: test accuracy {final:.1%} in {took}", flush=True)
        histories.append(history)
    if len(seeds) > 1:
        print(f"{task}, {len(seeds)} seeds: {_summary(histories)}", flush=True)
    return histories


def train_seed(task: str, recipe: Recipe, out: StrPath | None = None) -> History:
    """Train one run of ``recipe`` from its seed, with a progress line.

    First the recipes that it comes after, each with a checkpoint of its own.
    """
    model = models.build(recipe.model, seed=recipe.seed, **recipe.overrides)
    for name, stage in lineage(task, recipe):
        if name != task:
            print(f"{task} comes after {name}", flush=True)
        dataset = load(stage.dataset, stage.seed)
        checkpoint = (
            None if out is None else Path(out) / f"{name}-{stage.seed}.safetensors"
        )
        history = fit(model, dataset, stage, checkpoint=checkpoint, on_epoch=Progress())
    return history


def lineage(task: str, recipe: Recipe) -> list[tuple[str, Recipe]]:
    """Recipes to train one after the other, by name, ``recipe`` last."""
    before = []
    if recipe.after is not None:
        before = lineage(recipe.after, replace(RECIPES[recipe.after], seed=recipe.seed))
    return [*before, (task, recipe)]


def _summary(histories: Sequence[History]) -> str:
    finals = [history.epochs[-1].test_accuracy for history in histories]
    mean, half = interval(finals)
    return (
        f"mean test accuracy {mean:.2%}, 95 % t-interval "
        f"{mean - half:.2%} to {min(1.0, mean + half):.2%}"
    )
