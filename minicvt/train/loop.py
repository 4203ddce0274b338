"""The training loop: epochs, made of steps."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import reduce
from operator import add
from pathlib import Path
from typing import Any

import numpy as np

from minicvt import threads
from minicvt.data import Dataset, batch_count, batches
from minicvt.errors import NotFiniteError
from minicvt.files import StrPath
from minicvt.kernels.types import Array
from minicvt.nn import Module, accuracy
from minicvt.ops import cross_entropy
from minicvt.train import diagnosis
from minicvt.train.checkpoints import restore_run, save_run
from minicvt.train.clipping import clip_gradients
from minicvt.train.history import Epoch, History, Tally
from minicvt.train.recipes import Recipe
from minicvt.train.run import Run
from minicvt.train.schedules import warmup_cosine


def fit(
    model: Module,
    dataset: Dataset,
    recipe: Recipe,
    *,
    checkpoint: StrPath | None = None,
    on_epoch: Callable[[Epoch], None] | None = None,
) -> History:
    """Train ``model`` in place, as ``recipe`` says, and return what happened.

    With a ``checkpoint`` the run is saved there after every epoch, and goes on
    from there if the file exists: a run killed at any moment ends with the same
    bits as one that was not. ``on_epoch`` is called with each `Epoch`.

    A model that returns several logits in training, as a distilled DeiT does, learns
    the labels with each: the loss is the mean of the cross-entropies. DeiT's second
    head is meant for a teacher's answers; there is no teacher here.

    Raises ``NotFiniteError`` at the first loss or gradient that is not finite, with
    its origin, and ``CheckpointError`` for the file of another run.
    """
    run = Run.start(model, dataset, recipe)
    if checkpoint is not None and Path(checkpoint).exists():
        restore_run(checkpoint, run)
    while run.epoch <= recipe.epochs:
        # Matrices as small as these recipes' gain little from a second thread, and
        # the last bits of what is trained would depend on how many there are.
        with threads.limit(1):
            epoch = train_epoch(run)
        run.history.epochs.append(epoch)
        if checkpoint is not None:
            save_run(checkpoint, run)
        if on_epoch is not None:
            on_epoch(epoch)
    return run.history


# Overflow is looked for in every step, where it can be named: NumPy need not warn.
@np.errstate(over="ignore", invalid="ignore", divide="ignore")
def train_epoch(run: Run) -> Epoch:
    """Go through the training images once, then look at the test images."""
    recipe, data = run.recipe, run.dataset
    run.model.train()
    tally = Tally()
    images, labels = data.epoch(run.augmentation, run.progress)
    size, drop_last = recipe.batch_size, recipe.drop_last
    steps = recipe.epochs * batch_count(len(images), size, drop_last=drop_last)
    for x, y in batches(images, labels, size, run.order, drop_last=drop_last):
        lr = recipe.lr * warmup_cosine(run.step, steps, recipe.warmup)
        tally.add(len(y), *train_step(run, x, y, lr))
    if (culprit := diagnosis.stored(run.model.state_dict().items())) is not None:
        raise NotFiniteError(f"epoch {run.epoch}, step {run.step}: then {culprit}")
    test = accuracy(run.model, data.test_images, data.test_labels)
    return tally.epoch(run.epoch, recipe.epochs, test)


def train_step(run: Run, images: Array, labels: Array, lr: float) -> tuple[float, int]:
    """One batch: forward, backward, clip, update; return its loss and its hits."""
    model, optimizer, recipe = run.model, run.optimizer, run.recipe
    states = run.random_states()
    output = model(images)
    heads = output if isinstance(output, tuple) else (output,)
    smoothing = recipe.label_smoothing
    loss = _mean([cross_entropy(y, labels, label_smoothing=smoothing) for y in heads])
    if not math.isfinite(loss.item()):
        run.rewind(states)  # the same masks again
        cause = diagnosis.forward(model, images)
        raise NotFiniteError(f"{run.place}: the loss is not finite: {cause}")
    optimizer.zero_grad()
    loss.backward()
    norm = clip_gradients(optimizer.parameters.values(), recipe.clip_norm)
    if not math.isfinite(norm):
        cause = diagnosis.backward(optimizer.parameters)
        raise NotFiniteError(f"{run.place}: the gradient is not finite: {cause}")
    optimizer.step(lr)
    run.step += 1
    logits = _mean([head.numpy() for head in heads])
    return loss.item(), int((logits.argmax(-1) == labels).sum())


def _mean(values: Sequence[Any]) -> Any:
    return reduce(add, values) * (1 / len(values))
