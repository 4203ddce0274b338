"""Blanks are seen in another way exactly where NumPy's arrays are."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minicvt import ops
from minicvt.blank import Blank
from minicvt.errors import GraphError
from minicvt.graph.kept import owner
from minicvt.tensor import Tensor


def divisors(n: int) -> list[int]:
    return [d for d in range(n, 0, -1) if n % d == 0]


def another_shape(random: Random, size: int) -> tuple[int, ...]:
    """Draw a shape of so many elements, axes of length 1 among them."""
    shape = []
    while size > 1 or random.randint(0, 3) == 3:
        shape.append(random.choice(divisors(size)))
        size //= shape[-1]
    return tuple(shape)


def an_index(random: Random, shape: tuple[int, ...]) -> tuple:
    """Draw slices, integers, new axes and perhaps an ellipsis, never empty."""
    index: list = []
    for n in shape[: random.randint(0, len(shape))]:
        start, step = random.randrange(n), random.choice([1, 2, -1, -2])
        index.append(random.choice([start, slice(start, None, step), slice(None)]))
        index += random.choice([[], [], [None]])
    whole = sum(i is not None for i in index) == len(shape)
    return tuple(index + ([...] if not whole and random.randint(0, 1) else []))


def a_step(random: Random, x: Tensor) -> tuple[str, dict]:
    """Draw an operation that may only see memory in another way."""
    axes = random.sample(range(x.ndim), x.ndim)
    wider = (random.randint(1, 3), *(n if n > 1 else 2 for n in x.shape))
    return random.choice(
        [
            ("reshape", {"shape": another_shape(random, x.size)}),
            ("reshape", {"shape": (-1,)}),
            ("transpose", {"axes": tuple(axes)}),
            ("getitem", {"index": an_index(random, x.shape)}),
            ("broadcast_to", {"shape": wider if x.size < 500 else x.shape}),
        ]
    )


@given(random=st.randoms(use_true_random=False))
def test_memory_and_strides_are_those_of_numpy(random: Random) -> None:
    array = Tensor(np.zeros(another_shape(random, random.choice([12, 36, 60, 64]))))
    blank = Tensor(Blank(array.shape, array.dtype))
    for _ in range(6):
        name, options = a_step(random, array)
        seen = [ops.OPERATIONS[name](x, **options) for x in (array, blank)]
        shared = owner(seen[0].data) is owner(array.data)
        assert seen[1].shape == seen[0].shape
        assert (seen[1].data.memory is blank.data.memory) == shared, (name, options)
        array, blank = seen
        steps = zip(array.shape, array.data.strides, blank.data.strides, strict=True)
        assert all(a == 8 * b for n, a, b in steps if n > 1), (name, options)


def test_what_computes_has_memory_of_its_own() -> None:
    x = Tensor(Blank((2, 3), "float32"))
    for y in (ops.exp(x), ops.concatenate(x, axis=0), x[np.array([0, 1])]):
        assert y.data.memory is y.data is not x.data


def test_empty_blanks_may_be_reshaped() -> None:
    assert Tensor(Blank((0, 3), "float32")).reshape(3, -1).shape == (3, 0)


@pytest.mark.parametrize("function", [np.sum, np.concatenate, np.where])
def test_no_function_of_numpy_reads_a_blank(function) -> None:
    with pytest.raises(GraphError, match="no values"):
        function(Blank((2, 3), "float32"))
