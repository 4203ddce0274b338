"""Recipes, optimisers, schedules, the loop and its checkpoints."""

from __future__ import annotations

from minicvt.nn import accuracy, evaluation, predict
from minicvt.train.bootstrap import Estimate, bootstrap
from minicvt.train.checkpoints import restore_run, save_run
from minicvt.train.clipping import clip_gradients, gradient_norm
from minicvt.train.history import Epoch, History
from minicvt.train.loop import fit, train_epoch, train_step
from minicvt.train.optimizers import SGD, AdamW, Optimizer, decays_matrices
from minicvt.train.progress import Progress, progress_line
from minicvt.train.recipes import RECIPES, Recipe
from minicvt.train.run import Run
from minicvt.train.schedules import warmup_cosine
from minicvt.train.seeds import interval

__all__ = [
    "RECIPES",
    "SGD",
    "AdamW",
    "Epoch",
    "Estimate",
    "History",
    "Optimizer",
    "Progress",
    "Recipe",
    "Run",
    "accuracy",
    "bootstrap",
    "clip_gradients",
    "decays_matrices",
    "evaluation",
    "fit",
    "gradient_norm",
    "interval",
    "predict",
    "progress_line",
    "restore_run",
    "save_run",
    "train_epoch",
    "train_step",
    "warmup_cosine",
]
