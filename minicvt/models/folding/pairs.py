"""Which layer alone reads what another puts out: read off one run, by shapes alone."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any

from minicvt.blank import Blank
from minicvt.nn import Module
from minicvt.observe import ModuleEvent, OperationEvent, observe
from minicvt.tensor import Tensor, no_grad


def pairs(model: Any) -> Iterator[tuple[str, str]]:
    """Yield the paths of two modules, the second of which alone reads the first.

    Nothing comes between them, not even a reshape, and both run once.
    """
    with no_grad(), observe() as events:
        image = (1, *model.config.image, model.config.in_chans)
        model(Tensor(Blank(image, model.dtype)))
    readers: defaultdict[int, list[str]] = defaultdict(list)
    for event in events:
        if isinstance(event, OperationEvent):
            for tensor in event.inputs:
                readers[id(tensor)].append(event.path)
    calls = [event for event in events if isinstance(event, ModuleEvent)]
    times = Counter(event.path for event in calls)
    for event in calls:
        found = readers[id(event.output)]
        if len(found) == 1 and times[event.path] == times[found[0]] == 1:
            yield event.path, found[0]


def replace(model: Module, path: str, other: Module) -> None:
    """Put another module at ``path``."""
    parent, _, name = path.rpartition(".")
    setattr(dict(model.named_modules())[parent], name, other)
