"""Answers about pictures in files: what they show, and how often that is right."""

from minicvt.inference.answers import Answer, classify
from minicvt.inference.checkpoint import Checkpoint, open_checkpoint
from minicvt.inference.evaluate import Evaluation, compare, scores
from minicvt.inference.folders import class_folders, labelled_pictures

__all__ = [
    "Answer",
    "Checkpoint",
    "Evaluation",
    "class_folders",
    "classify",
    "compare",
    "labelled_pictures",
    "open_checkpoint",
    "scores",
]
