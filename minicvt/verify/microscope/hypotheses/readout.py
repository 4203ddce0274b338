"""From the last tokens to the answer: which are read, in what order, by which head."""

from __future__ import annotations

from typing import Any

from minicvt import ops
from minicvt.models.stage import Transformer
from minicvt.nn import flatten
from minicvt.verify.microscope.hypothesis import Change, doing, suppose

READ = (Transformer,)


def reading(read: Any) -> Change:
    """Read the last map and the special tokens otherwise; ``read`` may norm them."""

    def readout(model: Any, x: Any, special: Any) -> Any:
        return read(model.norm or (lambda y: y), flatten(x)[0], special)

    return doing(readout=readout)


def mean_of_all(norm: Any, places: Any, special: Any) -> Any:
    """Average every token, the class token too."""
    tokens = places if special is None else ops.concatenate(special, places, axis=1)
    return norm(tokens).mean(axis=1)


def mean_of_places(norm: Any, places: Any, special: Any) -> Any:
    """Average the places."""
    return norm(places).mean(axis=1)


def mean_then_norm(norm: Any, places: Any, special: Any) -> Any:
    """Norm after the mean over the places."""
    return norm(places.mean(axis=1))


def first_place(norm: Any, places: Any, special: Any) -> Any:
    """Read the first place."""
    return norm(places)[:, 0]


def last_place(norm: Any, places: Any, special: Any) -> Any:
    """Read the last place."""
    return norm(places)[:, -1]


READINGS = {
    "the mean of all tokens is read, the class token among them": mean_of_all,
    "the mean of the places is read": mean_of_places,
    "the mean is taken before the norm": mean_then_norm,
    "the first place is read": first_place,
    "the last place is read": last_place,
}


def answering(curve: Any) -> Change:
    """Follow the head by a function."""

    def change(model: Any) -> None:
        run = model.forward.__func__
        doing(forward=lambda model, images: curve(run(model, images)))(model)

    return change


HYPOTHESES = [
    *(suppose(words, READ, reading(read)) for words, read in READINGS.items()),
    suppose("the answer is softmax of the logits", READ, answering(ops.softmax)),
    suppose(
        "the answer is log softmax of the logits",
        READ,
        answering(lambda y: ops.log(ops.softmax(y))),
    ),
]
