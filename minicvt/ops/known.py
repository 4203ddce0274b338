"""Answers that are there already, since one kernel has made those of two operations.

An operation is a function of arrays and options. Where one pass over memory makes what
two of them answer, a sum and the LayerNorm of it, both answers are laid out, and an
operation that is asked for exactly that takes it instead of computing. It runs as ever
for everybody else: the tape, events, costs and modules know nothing of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from operator import is_
from typing import Any, NamedTuple


class Known(NamedTuple):
    """What the operation ``name`` answers for these very arrays, and its pullback."""

    name: str
    arrays: tuple[Any, ...]
    options: Mapping[str, Any]
    answer: tuple[Any, ...]


_known: ContextVar[tuple[Known, ...]] = ContextVar("known", default=())


class known:
    """Lay out ``answers`` for the operations inside a ``with`` block."""

    __slots__ = ("_answers", "_token")

    def __init__(self, *answers: Known) -> None:
        self._answers = answers

    def __enter__(self) -> None:
        self._token = _known.set(self._answers)

    def __exit__(self, *exception: object) -> None:
        _known.reset(self._token)


def recall(name: str, arrays: Sequence[Any], options: Mapping[str, Any]) -> Any:
    """Return the answer that is laid out for this call, None if there is none."""
    for one in _known.get():
        same = one.name == name and all(map(is_, one.arrays, arrays))
        if same and one.options == options:
            return one.answer
    return None
