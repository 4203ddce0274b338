"""One stream of events for everything that looks at a model from outside.

Every operation, every module call and every pullback emits one event. The ledger,
the attention maps, the token maps and the comparison of two models all read this
stream; there is no second code path for looking.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, TypeAlias

Observer: TypeAlias = Callable[["Event"], None]

_observers: ContextVar[tuple[Observer, ...]] = ContextVar("observers", default=())
_path: ContextVar[str] = ContextVar("path", default="")


@dataclass(frozen=True, slots=True, eq=False)
class OperationEvent:
    """An operation ran: ``name`` inside module ``path``.

    ``inputs`` are Tensors (None where an optional one was left out), ``options``
    the keyword arguments, ``output`` a Tensor, ``spec`` its shape and cost.
    """

    name: str
    path: str
    inputs: tuple[Any, ...]
    options: dict[str, Any]
    output: Any
    spec: Any


@dataclass(frozen=True, slots=True, eq=False)
class ModuleEvent:
    """A module returned: ``module`` at ``path``, with what came in and went out."""

    path: str
    module: Any
    inputs: tuple[Any, ...]
    output: Any


@dataclass(frozen=True, slots=True, eq=False)
class BackwardEvent:
    """A pullback ran: that of ``node``, on the way back from a loss.

    ``joined`` are the elements of its cotangents that were added to what had already
    arrived at the same tensors: the other branch of a residual.
    """

    node: Any
    joined: int


Event: TypeAlias = OperationEvent | ModuleEvent | BackwardEvent


@contextmanager
def observe(observer: Observer | None = None) -> Iterator[list[Event]]:
    """Collect the events of everything that runs in this context, in order.

    With an ``observer`` each event is handed to it instead, and the list stays
    empty: an event holds its tensors, so a long list holds a lot of memory.
    """
    events: list[Event] = []
    token = _observers.set((*_observers.get(), observer or events.append))
    try:
        yield events
    finally:
        _observers.reset(token)


def observed() -> bool:
    """Whether anyone is listening."""
    return bool(_observers.get())


def emit(event: Event) -> None:
    """Hand ``event`` to every observer of this context."""
    for observer in _observers.get():
        observer(event)


def current_path() -> str:
    """Dotted path of the module that is running, "" outside any."""
    return _path.get()


class entered:
    """Extend the current path by ``name`` inside a ``with`` block: a module runs."""

    __slots__ = ("_name", "_token")

    def __init__(self, name: str) -> None:
        self._name = name

    def __enter__(self) -> None:
        outer, name = _path.get(), self._name
        self._token = _path.set(f"{outer}.{name}" if outer and name else outer or name)

    def __exit__(self, *exception: object) -> None:
        _path.reset(self._token)
