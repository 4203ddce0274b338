"""What the page says of the model: trained or not, which dialect, what was left out."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from minicvt.inference import Checkpoint
from minicvt.inference.checkpoint import dialect_of
from minicvt.interpret.explain import words
from minicvt.interpret.explain.record import Data
from minicvt.interpret.explain.subject import Subject, card_of

TRAINED, UNTRAINED, UNKNOWN = "trained", "untrained", "perhaps trained"


def training(source: Checkpoint) -> tuple[str, str]:
    """Whether the weights are trained, and how that is known."""
    if problem := source.untrained():
        return UNTRAINED, problem.partition(": ")[2]
    if card := card_of(source):
        low, high = card.interval
        return TRAINED, (
            f"on {card.task}; of {card.test_images:,} held-out images it reads "
            f"{card.accuracy:.1%} right (95 % interval {low:.1%} to {high:.1%})"
        )
    if any(name.endswith("running_var") for name in source.contents.tensors):
        return TRAINED, (
            "as their BatchNorm statistics show, which have seen images; how well, the "
            "checkpoint does not say"
        )
    return UNKNOWN, "nothing in the checkpoint tells trained weights from random ones"


def standing(subject: Subject) -> tuple[str, str]:
    """What :func:`training` says, and whether it is said of the dialect on the page."""
    kind, why = training(subject.source)
    here = f", but here it runs in another dialect, {dialect_of(subject.model)}"
    return kind, why + here * subject.altered


def facts(subject: Subject) -> dict[str, str]:
    """Return what a reader must know at once: names, and what to say, as HTML."""
    kind, why = standing(subject)
    badge = f'<span class="badge {kind.split()[-1]}">{kind}</span>'
    return {
        "Picture": escape(subject.what),
        "Weights": f"{escape(subject.name)}{badge} {escape(why)}",
    }


def details(subject: Subject, models: Sequence[Data]) -> dict[str, str]:
    """Return the rest: the model, its dialect, its controls, what the page holds."""
    config = subject.model.config
    height, width = subject.image.shape[:2]
    scale = f"attention scale {config.scale}^-0.5"
    return {
        "Model": f"{config.name}, {subject.model.count_parameters():,} parameters",
        "Image": f"{height} x {width}",
        "Dialect": f"{dialect_of(subject.model)}: {config.activation}, {scale}",
        "Untrained": _controls(models),
        "Stored": _stored(models),
    }


def _controls(models: Sequence[Data]) -> str:
    seeds = [model["short"] for model in models[1:]]
    several = f"{seeds[0]} to {seeds[-1].split()[-1]}" if len(seeds) > 1 else seeds[0]
    return f"the same model as it was initialised and never trained, {several}"


def _stored(models: Sequence[Data]) -> str:
    """Say how exact the page is, and which queries are on it."""
    blocks = [b for m in models for stage in m["stages"] for b in stage["blocks"]]
    which = [
        f"{len(first['rows'])} x {len(first['columns'])} of {grid['height']} x "
        f"{grid['width']} in {stage['label']}"
        for stage in models[0]["stages"]
        for first in stage["blocks"][:1]
        for grid in [first["queries"]]
        if len(first["rows"]) < grid["height"]
    ]
    thinned = words.THINNED.format(which=", ".join(which)) if which else words.WHOLE
    error = max(block["error"] for block in blocks)
    return " ".join(words.STORED.format(error=error, thinned=thinned).split())
