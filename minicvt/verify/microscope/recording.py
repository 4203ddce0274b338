"""What a model makes on the way: the result of every module, by path, in order."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from minicvt.kernels.types import Array
from minicvt.observe import ModuleEvent, OperationEvent, entered, observe
from minicvt.tensor import Tensor, no_grad

NUMBER = re.compile(r"(?<=^stage)\d+|\.\d+(?=\.|$)")
ANSWER = ""
"""Path of a model's own result: it is the module that is inside no other."""


@dataclass(frozen=True, eq=False)
class Recording:
    """Results by path, in the order they were made; "" is the answer.

    Maps are channels last. ``gradients`` are those of <cotangent, answer>, by name of
    the parameter. What went into each module (``calls``), which ``operations`` ran, and
    how many of them had when a result was made (``clock``) is known of ours alone.
    """

    points: Mapping[str, Array]
    gradients: Mapping[str, Array] = field(default_factory=dict)
    cotangent: Array | None = None
    calls: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)
    operations: tuple[OperationEvent, ...] = ()
    clock: Mapping[str, int] = field(default_factory=dict)


def record(module: Any, *inputs: Any, path: str = ANSWER) -> Recording:
    """Run a module of ours, which stands at ``path`` of its model, and record it."""
    outer = path.removesuffix(module._name).rstrip(".")
    quiet = np.errstate(all="ignore")  # what is not finite is told, not warned of
    with no_grad(), observe() as events, entered(outer), quiet:
        module(*inputs)
    points: dict[str, Array] = {}
    calls: dict[str, tuple[Any, ...]] = {}
    clock: dict[str, int] = {}
    ran: list[OperationEvent] = []
    for event in events:
        if isinstance(event, OperationEvent):
            ran.append(event)
        elif isinstance(event, ModuleEvent):
            calls.setdefault(event.path, event.inputs)
            for name, array in results(event.path, event.output):
                name = unused(name, points)
                points[name], clock[name] = array, len(ran)
    return Recording(points, calls=calls, operations=tuple(ran), clock=clock)


def results(path: str, output: Any) -> Iterator[tuple[str, Array]]:
    """Name what a module returned: "path", and "path[1]" for a second tensor."""
    parts = output if type(output) is tuple else (output,)
    for i, part in enumerate(parts):
        if isinstance(part, Tensor):
            yield f"{path}[{i}]" if i else path, part.numpy()


def unused(path: str, points: Mapping[str, Array]) -> str:
    """Name the second result of a module that runs twice "path#2", and so on."""
    count, name = 1, path
    while name in points:
        count += 1
        name = f"{path}#{count}"
    return name


def module_path(point: str) -> str:
    """Path of the module whose result ``point`` is."""
    return point.partition("#")[0].partition("[")[0]


def numberless(path: str) -> str:
    """Name what a path has in common with those of other stages and blocks."""
    return NUMBER.sub("", path)


def within(path: str, scope: str) -> bool:
    """Whether a module, or a result, lies in ``scope`` or is it."""
    return not scope or path == scope or path.startswith((f"{scope}.", f"{scope}["))
