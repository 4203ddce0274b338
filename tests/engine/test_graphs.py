"""Whole graphs against PyTorch: residuals, splits and joins, and random ones.

Single operations may all be right and a graph still wrong, where a tensor is used
more than once: its cotangents must all have arrived before it passes them on.
"""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from minicvt import ops
from tests.oracle import our_answers, relative_error, torch_answers

OURS = SimpleNamespace(
    tanh=ops.tanh, join=lambda *tensors: ops.concatenate(*tensors, axis=0)
)
TORCH = SimpleNamespace(tanh=torch.tanh, join=lambda *tensors: torch.cat(tensors))

Graph = Callable[..., Any]  # a library (OURS or TORCH) and its tensors in, one out


def check_graph(graph: Graph, *shapes: tuple[int, ...]) -> None:
    """The output and the gradient of every leaf agree with PyTorch's."""
    rng = np.random.default_rng(3)
    leaves = [rng.normal(0.2, 1, shape) for shape in shapes]
    ours, theirs = (
        answers(
            lambda *tensors, lib=lib: graph(lib, *tensors),
            leaves,
            {},
            lambda shape: np.random.default_rng(5).normal(size=shape),
        )
        for answers, lib in ((our_answers, OURS), (torch_answers, TORCH))
    )
    assert set(ours) == set(theirs)
    for name, expected in theirs.items():
        assert relative_error(ours[name], expected) <= 1e-10, name


@pytest.mark.parametrize("blocks", [1, 2, 3, 7])
def test_residuals_in_series(blocks: int) -> None:
    def graph(lib: Any, x: Any, *weights: Any) -> Any:
        for weight in weights:
            x = x + lib.tanh(x @ weight)
        return x

    check_graph(graph, (3, 4), *[(4, 4)] * blocks)


@pytest.mark.parametrize("blocks", [1, 2, 3])
def test_residuals_within_residuals_sharing_one_weight(blocks: int) -> None:
    def graph(lib: Any, x: Any, weight: Any) -> Any:
        for _ in range(blocks):
            inner = x + lib.tanh(x @ weight)
            x = x + inner + lib.tanh(inner @ weight) * x
        return x

    check_graph(graph, (3, 4), (4, 4))


def test_a_long_path_beside_a_short_one() -> None:
    def graph(lib: Any, x: Any) -> Any:
        y = x
        for _ in range(5):
            y = lib.tanh(y * 1.5)
        return x * y + x

    check_graph(graph, (3, 4))


def test_split_and_join() -> None:
    def graph(lib: Any, x: Any, weight: Any) -> Any:
        first, rest = x[:1], x[1:]
        return lib.join(rest @ weight, first, lib.tanh(first) * rest) @ weight

    check_graph(graph, (5, 4), (4, 4))


def test_split_join_and_residual_in_series() -> None:
    def graph(lib: Any, x: Any, weight: Any) -> Any:
        for _ in range(3):
            special, places = x[:1], x[1:]
            x = x + lib.join(special, lib.tanh(places @ weight))
        return x[0]

    check_graph(graph, (5, 4), (4, 4))


def test_a_tensor_used_many_times() -> None:
    def graph(lib: Any, x: Any) -> Any:
        y = lib.tanh(x)
        total = y
        for factor in range(60):
            total = total + y * (factor / 50) + x * y
        return total * y * x

    check_graph(graph, (3, 4))


def test_a_tensor_with_itself() -> None:
    check_graph(lambda lib, x: (x + x) * x - x / (x * x + 1) + x @ x, (4, 4))


def test_a_row_and_a_number_broadcast_at_every_step() -> None:
    def graph(lib: Any, x: Any, row: Any, number: Any) -> Any:
        for _ in range(3):
            x = lib.tanh(x * row + number) + row
        return x * number

    check_graph(graph, (3, 4), (1, 4), ())


STEPS: dict[str, Callable[[Any, Any, Any], Any]] = {
    "add": lambda lib, x, y: x + y,
    "subtract": lambda lib, x, y: x - y,
    "gate": lambda lib, x, y: x * lib.tanh(y),
    "product": lambda lib, x, y: x @ lib.tanh(y).transpose(1, 0) @ y,
    "center": lambda lib, x, y: x - y.mean(0),
    "rows": lambda lib, x, y: x[[2, 0, 0]] + y[1],
    "join": lambda lib, x, y: lib.join(x, y[::2])[1:4],
    "turn": lambda lib, x, y: x.transpose(1, 0).reshape(3, 4) - y,
}
a_step = st.tuples(st.sampled_from(sorted(STEPS)), st.integers(0, 9), st.integers(0, 9))


def run(steps: list[tuple[str, int, int]], lib: Any, tensors: list[Any]) -> Any:
    """Each step takes two of the latest tensors; all that was made adds up."""
    made = list(tensors)
    for name, i, j in steps:
        made.append(
            STEPS[name](lib, made[-1 - i % len(made)], made[-1 - j % len(made)])
        )
    total = made[0]
    for tensor in made[1:]:
        total = total + tensor
    return total


@given(steps=st.lists(a_step, min_size=2, max_size=8))
def test_random_graphs(steps: list[tuple[str, int, int]]) -> None:
    check_graph(lambda lib, *leaves: run(steps, lib, list(leaves)), (3, 4), (3, 4))
