"""Counting a model, by shapes alone, or whatever runs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext
from functools import reduce
from typing import Any

from minicvt import ops
from minicvt.accounting.ledger import Ledger
from minicvt.blank import Blank
from minicvt.errors import OptionError
from minicvt.models import Config
from minicvt.nn import evaluation
from minicvt.node import tape_order
from minicvt.observe import BackwardEvent, emit
from minicvt.tensor import Tensor


def count(
    model: Any = None, image: tuple[int, int] | None = None, backward: bool = False
) -> Ledger:
    """Count what runs.

    ``with count() as ledger:`` counts whatever runs inside, ``loss.backward()`` too.
    ``count(model, image=(224, 224))`` counts one forward pass over one image of that
    height and width (its own by default) by shapes alone, in evaluation mode; a model
    built under ``shapes_only()`` needs no memory for it. With ``backward`` the way
    back from the logits follows, and the model is in the mode it is in: training,
    unless told otherwise. Raises ``ShapeError`` for an image too small or too large,
    ``OptionError`` for one that is no height and width, and for what is no model.
    """
    ledger = Ledger()
    if model is None:
        return ledger
    if not isinstance(getattr(model, "config", None), Config):
        raise OptionError(f"expected a model, as build() makes it, got {model!r:.60}")
    size = model.config.override(image=image or model.config.image).image
    shape = (1, *size, model.config.in_chans)
    with ledger, nullcontext() if backward else evaluation(model):
        logits = model(Tensor(Blank(shape, model.dtype)))
        if backward:  # from both heads' logits, where there are two
            both = logits if isinstance(logits, tuple) else (logits,)
            for event in pullbacks(reduce(ops.add, both)):
                emit(event)
    return ledger


def pullbacks(root: Tensor) -> Iterator[BackwardEvent]:
    """Yield the events of ``root.backward()`` in its order, of shapes alone."""
    arrived: set[int] = set()
    for tensor in reversed(tape_order(root)):
        if tensor.node is not None:
            joined = 0
            for _, source in tensor.node.differentiable():
                joined += source.size if id(source) in arrived else 0
                arrived.add(id(source))
            yield BackwardEvent(tensor.node, joined)
