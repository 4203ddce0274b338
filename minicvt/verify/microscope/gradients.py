"""Gradients of a model of ours, with one detail of the way back changed if wanted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from minicvt import ops
from minicvt.kernels.types import Array
from minicvt.observe import OperationEvent, observe
from minicvt.tensor import Tensor
from minicvt.verify.microscope.rules import Rule, altered
from minicvt.verify.microscope.twin import twin

IMAGES = "images"
"""Name of the gradient of what went in."""


class Ran(NamedTuple):
    """A model that ran forward, ready for the way back."""

    model: Any
    images: Tensor
    answer: Tensor
    events: list[OperationEvent]


def run(model: Any, x: Any) -> Ran:
    """Run a copy of ``model`` with its graph recorded."""
    copy, images = twin(model), Tensor(np.asarray(x, model.dtype), requires_grad=True)
    with observe() as events, np.errstate(all="ignore"):
        output = copy(images)
    answer = output
    if isinstance(output, tuple):
        answer = ops.concatenate(*output, axis=-1)
    ran = [event for event in events if isinstance(event, OperationEvent)]
    return Ran(copy, images, answer, ran)


def gradients(
    model: Any, x: Any, cotangent: Array, rule: Rule | None = None
) -> dict[str, Array]:
    """Return the gradients of <cotangent, answer>: of the images, of what is trained.

    Their order is that of the way back: last used first. Zero where none arrives.
    """
    return pulled(run(model, x), cotangent, rule)


def pulled(ran: Ran, cotangent: Array, rule: Rule | None = None) -> dict[str, Array]:
    """Walk back; the graph stays as it was, to be walked again."""
    leaves = dict(ran.model.named_parameters()) | {IMAGES: ran.images}
    wanted = {name: leaf for name, leaf in leaves.items() if leaf.requires_grad}
    for leaf in wanted.values():
        leaf.grad = None
    walk = rule.walk if rule is not None and rule.walk is not None else _right
    if ran.answer.requires_grad:
        with np.errstate(all="ignore"), altered(ran.events, rule):
            walk(ran.answer, np.asarray(cotangent, ran.answer.dtype))
    order = back(ran, wanted)
    return {n: _of(wanted[n]) for n in sorted(wanted, key=lambda n: order.get(n, -1))}


def _right(answer: Tensor, cotangent: Array) -> None:
    answer.backward(cotangent, retain_graph=True)


def drawn(answer: Array, seed: int) -> Array:
    """Draw a cotangent for ``answer``."""
    rng = np.random.default_rng(seed)
    return np.asarray(rng.normal(size=answer.shape), answer.dtype)


def back(ran: Ran, leaves: Mapping[str, Tensor]) -> dict[str, int]:
    """Number leaves by when the way back arrives at their first use."""
    names = {id(leaf): name for name, leaf in leaves.items()}
    order: dict[str, int] = {}
    for i, event in enumerate(reversed(ran.events)):
        for tensor in event.inputs:
            if id(tensor) in names:
                order[names[id(tensor)]] = i
    return order


def _of(leaf: Tensor) -> Array:
    return np.zeros(leaf.shape, leaf.dtype) if leaf.grad is None else leaf.grad
