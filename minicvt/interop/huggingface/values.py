"""What the modules of this package share: checks, and words for activations."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping
from typing import Any

from minicvt.errors import CheckpointError
from minicvt.models.checks import entries

ACTIVATIONS = {
    "gelu": "gelu",
    "gelu_new": "gelu_tanh",
    "gelu_pytorch_tanh": "gelu_tanh",
    "quick_gelu": "quick_gelu",
    "swish": "silu",
    "silu": "silu",
    "relu": "relu",
}
"""Their names and ours; of several of theirs the last is written."""

DROPOUTS = ("hidden_dropout_prob", "attention_probs_dropout_prob")
"""Names that most of their configurations have for them."""


def as_tuple(values: Mapping[str, Any], name: str) -> tuple[Any, ...]:
    """List ``name`` of a config.json; empty where there is none."""
    value = values.get(name, ())
    if not isinstance(value, list | tuple):
        raise CheckpointError(f"{name} should be a list, found {value!r}")
    return tuple(value)


def per_stage(values: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    """Fields of ours from their lists, one entry a stage, by their names."""
    return {ours: as_tuple(values, k) for k, ours in names.items() if k in values}


def pair(value: Any) -> tuple[Any, Any]:
    """Height and width, which may be one number for both."""
    height, width = value if isinstance(value, list | tuple) else (value, value)
    return height, width


def renamed(values: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    """Fields of ours that are single values, by their names."""
    return {ours: values[name] for name, ours in names.items() if name in values}


def activation(values: Mapping[str, Any]) -> dict[str, str]:
    """Our name of ``hidden_act``, if it is given."""
    found = values.get("hidden_act")
    if found is None:
        return {}
    if found not in ACTIVATIONS:
        known = ", ".join(ACTIVATIONS)
        raise CheckpointError(f"hidden_act should be one of {known}, found {found!r}")
    return {"activation": ACTIVATIONS[found]}


def their_activation(name: str) -> str:
    """Their name of an activation of ours."""
    return {ours: theirs for theirs, ours in ACTIVATIONS.items()}[name]


def warn_of_dropouts(
    values: Mapping[str, Any], names: Iterable[str] = DROPOUTS
) -> None:
    """Warn of dropouts that stay behind: they sit elsewhere in their code."""
    found = {name: values.get(name) for name in names}
    on = [name for name, value in found.items() if any(entries(value))]
    if on:
        verb = "is" if len(on) == 1 else "are"
        warnings.warn(
            f"{' and '.join(on)} {verb} not 0: this matters in training alone, and "
            "is left out",
            stacklevel=2,
        )


def check_only(model: str, config: Any, only: Mapping[str, Any]) -> None:
    """Raise ``CheckpointError`` unless ``config`` is what their code always does."""
    for name, value in only.items():
        found = getattr(config, name)
        if any(entry != value for entry in entries(found)):
            raise cannot(model, f"with {name}={value!r} only, not {found!r}")


def cannot(model: str, what: str) -> CheckpointError:
    """Build the error for what transformers runs only so."""
    return CheckpointError(
        f"transformers runs {model} {what}: save it in another layout"
    )
