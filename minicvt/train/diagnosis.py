"""Where the first number that is not finite came from."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from minicvt.kernels.types import Array
from minicvt.nn import Module, Parameter
from minicvt.observe import OperationEvent, observe
from minicvt.tensor import no_grad


def finite(array: Any) -> bool:
    """Whether every element is a number; integers always are."""
    return bool(np.isfinite(array).all())


def stored(arrays: Iterable[tuple[str, Any]]) -> str | None:
    """Name the first of the named arrays that holds a NaN or an infinity."""
    for name, array in arrays:
        if not finite(array):
            return f"{name} holds {_oddity(array)}"
    return None


def forward(model: Module, images: Array) -> str:
    """Run the model again and name the first operation whose output is not finite.

    What went in comes first: the images, then the parameters. Running statistics
    do not go in while training, and the failed step has already spoilt them.
    """
    if not finite(images):
        return f"the images hold {_oddity(images)}"
    parameters = ((name, p.numpy()) for name, p in model.named_parameters())
    if (culprit := stored(parameters)) is not None:
        return f"parameter {culprit} before this step"
    with observe() as events, no_grad():
        model(images)
    return _first_operation(events) or "the logits are finite, the loss alone is not"


def _first_operation(events: Iterable[Any]) -> str | None:
    for event in events:
        if isinstance(event, OperationEvent):
            output = event.output.numpy()
            if not finite(output):
                place = f" in {event.path}" if event.path else ""
                return f"{event.name}{place} was the first to give {_oddity(output)}"
    return None


def backward(parameters: dict[str, Parameter]) -> str:
    """Name the first gradient that is not finite, in the order of the backward pass.

    Parameters come in the order of the forward pass, so theirs is the reverse.
    """
    for name, parameter in reversed(parameters.items()):
        if parameter.grad is not None and not finite(parameter.grad):
            return f"that of {name} was the first to hold {_oddity(parameter.grad)}"
    return "each entry is finite, but the sum of their squares is not"


def _oddity(array: Array) -> str:
    return "NaN" if np.isnan(array).any() else "an infinity"
