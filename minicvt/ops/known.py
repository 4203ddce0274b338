"""Answers that are there already, since one kernel has made those of two operations.

An operation is a function of arrays and options. Where one pass over memory makes what
two of them answer, a sum and the LayerNorm of it, both answers are laid out, and an
operation that is asked for exactly that takes it instead of computing. It runs as ever
for everybody else: the tape, events, costs and modules know nothing of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, NamedTuple


class Known(NamedTuple):
    """What the operation ``name`` answers for these very arrays, and its pullback."""

    name: str
    arrays: tuple[Any, ...]
    options: Mapping[str, Any]
    answer: tuple[Any, ...]


_known: ContextVar[tuple[Known, ...]] = ContextVar("known", default=())


@contextmanager
def known(*answers: Known) -> Iterator[None]:
    """Lay out ``answers`` for the operations inside a ``with`` block."""
    token = _known.set(answers)
    try:
        yield
    finally:
        _known.reset(token)


def recall(name: str, arrays: Sequence[Any], options: Mapping[str, Any]) -> Any:
    """Return the answer that is laid out for this call, None if there is none."""
    for one in _known.get():
        same = one.name == name and all(map(_is, one.arrays, arrays))
        if same and one.options == options:
            return one.answer
    return None


def _is(x: Any, y: Any) -> bool:
    return x is y
