"""What ``minicvt train`` runs."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from minicvt import models
from minicvt.data import load, logistic_regression
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
    model: str | None = None,
    epochs: int | None = None,
    out: StrPath | None = None,
) -> list[History]:
    """Train ``task``'s recipe once a seed and print each result, mean and interval.

    A seed changes split, initialisation and order together; logistic regression on
    the same split is printed beside each, and the mean difference between the two.
    ``model`` is trained instead of the recipe's. With ``out``, each run is saved there
    after every epoch, and the same command continues what was interrupted.

    Raises ``UnknownName``, ``CheckpointError``, ``NotFiniteError``, and ``OSError``
    where ``out`` cannot be written.
    """
    recipe = chosen(task, model, epochs)
    if out is not None:
        ready_folder(out)
    title = task if model is None else f"{recipe.model} on {task}"
    histories, baselines = [], []
    for seed in seeds:
        began = time.perf_counter()
        history = train_seed(task, replace(recipe, seed=seed), out)
        took = clock(time.perf_counter() - began)
        final = history.epochs[-1].test_accuracy
        print(f"{title}, seed {seed}: test accuracy {final:.1%} in {took}; ", end="")
        print("logistic regression on the same split ", end="", flush=True)
        baselines.append(logistic_regression(load(recipe.dataset, seed), seed))
        print(f"{baselines[-1]:.1%}", flush=True)
        histories.append(history)
    if len(seeds) > 1:
        for line in _summary(histories, baselines):
            print(f"{title}, {len(seeds)} seeds: {line}", flush=True)
    return histories


def chosen(task: str, model: str | None = None, epochs: int | None = None) -> Recipe:
    """Return ``task``'s recipe, perhaps of another model or length.

    Another model is taken as it is registered, but for the size of the images and the
    number of classes. Raises ``UnknownName``.
    """
    if task not in RECIPES:
        raise unknown("task", task, RECIPES)
    recipe = RECIPES[task]
    if model is not None:
        recipe = replace(recipe, model=models.variant(model).name, overrides={})
    return recipe if epochs is None else replace(recipe, epochs=epochs)


def train_seed(task: str, recipe: Recipe, out: StrPath | None = None) -> History:
    """Train one run of ``recipe`` from its seed, with a progress line.

    First the recipes that it comes after, each with a checkpoint of its own.
    """
    model = recipe.build(load(recipe.dataset, recipe.seed))
    for name, stage in lineage(task, recipe):
        if name != task:
            print(f"{task} comes after {name}", flush=True)
        dataset = load(stage.dataset, stage.seed)
        own = stage.model == RECIPES[name].model
        file = f"{name if own else f'{name}-{stage.model}'}-{stage.seed}.safetensors"
        checkpoint = None if out is None else Path(out) / file
        history = fit(model, dataset, stage, checkpoint=checkpoint, on_epoch=Progress())
    return history


def lineage(task: str, recipe: Recipe) -> list[tuple[str, Recipe]]:
    """Recipes to train one after the other, by name, ``recipe`` last; of one model."""
    if recipe.after is None:
        return [(task, recipe)]
    first = replace(
        RECIPES[recipe.after],
        model=recipe.model,
        overrides=recipe.overrides,
        seed=recipe.seed,
    )
    return [*lineage(recipe.after, first), (task, recipe)]


def _summary(histories: Sequence[History], baselines: Sequence[float]) -> list[str]:
    """Mean, and mean of the differences to logistic regression, with intervals."""
    finals = [history.epochs[-1].test_accuracy for history in histories]
    points = [100 * (ours - line) for ours, line in zip(finals, baselines, strict=True)]
    mean, half = interval(finals)
    gain, spread = interval(points)
    return [
        f"mean test accuracy {mean:.2%}, 95 % t-interval "
        f"{mean - half:.2%} to {min(1.0, mean + half):.2%}",
        f"minus logistic regression {gain:+.2f} points, 95 % t-interval "
        f"{gain - spread:+.2f} to {gain + spread:+.2f}, paired",
    ]
