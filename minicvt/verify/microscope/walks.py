"""Ways back that go wrong: what engines do to a tensor that is used twice.

Each is a function of the answer and its cotangent, as ``Tensor.backward`` is. On a
chain all of them are right, and with one operation: residuals show what they are.
"""

from __future__ import annotations

from collections import deque
from typing import Any

from minicvt.kernels.types import Array
from minicvt.node import pull, tape_order
from minicvt.tensor import Tensor
from minicvt.verify.microscope.rules import Rule


def last_wins(root: Tensor, cotangent: Array) -> None:
    """Overwrite what had arrived by what arrives: ``=`` where ``+=`` should be."""
    _in_order(root, cotangent, lambda old, new: new)


def first_wins(root: Tensor, cotangent: Array) -> None:
    """Keep what arrived first."""
    _in_order(root, cotangent, lambda old, new: old)


def _in_order(root: Tensor, cotangent: Array, join: Any) -> None:
    """Walk in the right order, but ``join`` shares otherwise."""
    arrived = {id(root): cotangent}
    for tensor in reversed(tape_order(root)):
        gradient = arrived.pop(id(tensor))
        if tensor.node is None:
            tensor.grad = gradient
            continue
        for source, part in pull(tensor.node, gradient):
            old = arrived.get(id(source))
            arrived[id(source)] = part if old is None else join(old, part)


def breadth_first(root: Tensor, cotangent: Array) -> None:
    """Run each tensor when it is first met, level by level, and never again.

    A shortcut is met before its branch has been walked: what comes later is lost.
    """
    _when_met(root, cotangent, deque.popleft)


def depth_first(root: Tensor, cotangent: Array) -> None:
    """Run each tensor when it is first met, down one path after another."""
    _when_met(root, cotangent, deque.pop)


def _when_met(root: Tensor, cotangent: Array, take: Any) -> None:
    """Walk in the wrong order: ``take`` the next of those that were met."""
    arrived, met, waiting = {id(root): cotangent}, {id(root)}, deque([root])
    while waiting:
        tensor = take(waiting)
        if tensor.node is None:
            continue
        for source, part in pull(tensor.node, arrived[id(tensor)]):
            old = arrived.get(id(source))
            arrived[id(source)] = part if old is None else old + part
            if id(source) not in met:
                met.add(id(source))
                waiting.append(source)
            if source.node is None:
                source.grad = arrived[id(source)]


WALKS = [
    Rule("where a tensor is used twice, the last gradient overwrites", walk=last_wins),
    Rule("where a tensor is used twice, the first gradient stays", walk=first_wins),
    Rule(
        "tensors are walked before all their gradient is there, by level",
        walk=breadth_first,
    ),
    Rule(
        "tensors are walked before all their gradient is there, by path",
        walk=depth_first,
    ),
]
"""What engines get wrong; residuals in series show it, single operations do not."""
