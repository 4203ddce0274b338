"""The same seeds give the same bits; what depends on threads is said, and only that."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from minicvt import Tensor, kernels, models, observe, threads
from minicvt.observe import OperationEvent
from minicvt.ops import OPERATIONS
from minicvt.train import fit, predict
from tests.oracle import relative_error
from tests.train.tiny import tiny_data, tiny_model, tiny_recipe

IN_BLAS = {"matmul", "linear", "conv2d", "attend"}
"""Operations that are matrix products: BLAS sums them in an order of its own, another
for other parts of the rows. (What else is split gives the same bits.)"""

IMAGE = (96, 64)  # large enough that products are split


@pytest.fixture(scope="module")
def events() -> list[OperationEvent]:
    """What a forward pass of CvT-13 runs, each operation and shape once."""
    model = models.build("cvt-13", dtype="float64", image=IMAGE, depths=(1, 1, 1))
    images = np.random.default_rng(0).normal(size=(2, *IMAGE, 3))
    with observe() as seen:
        model(images)
    ran = [event for event in seen if isinstance(event, OperationEvent)]
    return list({(event.name, event.output.shape): event for event in ran}.values())


def answers(event: OperationEvent, count: int) -> list[Any]:
    """Output and gradients of one operation."""
    with threads.limit(count):
        leaves = [x if x is None else Tensor(x.data, True) for x in event.inputs]
        output = OPERATIONS[event.name](*leaves, **event.options)
        output = output[0] if isinstance(output, tuple) else output
        output.backward(np.random.default_rng(1).normal(size=output.shape))
        return [output.numpy(), *(leaf.grad for leaf in leaves if leaf is not None)]


def pairs(event: OperationEvent, first: int, second: int) -> Iterator[tuple[Any, Any]]:
    return zip(answers(event, first), answers(event, second), strict=True)


def test_the_same_operation_gives_the_same_bits(events: list[OperationEvent]) -> None:
    for event in events:
        for ours, again in pairs(event, 2, 2):
            np.testing.assert_array_equal(ours, again, event.name)


def test_only_matrix_products_know_how_many_threads_there_are(
    events: list[OperationEvent],
) -> None:
    seen = set()
    for event in events:
        for ours, others in pairs(event, 1, 2):
            seen.add(event.name)
            if event.name in IN_BLAS:
                assert relative_error(ours, others) <= 1e-11, event.name
            else:
                np.testing.assert_array_equal(ours, others, event.name)
    assert seen > IN_BLAS - {"matmul"}
    assert seen > {"depthwise_conv2d", "batch_norm", "layer_norm", "quick_gelu"}


@pytest.mark.parametrize(
    "body", ["numpy", pytest.param("numba", marks=[pytest.mark.numba])]
)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_training_twice_ends_with_the_same_bits(body: str, dtype: str) -> None:
    """Masks, order and augmentation included, and however many threads there are."""
    ends = []
    for count in (1, 2):
        recipe = tiny_recipe()
        model = tiny_model(recipe, dtype)
        with kernels.use(body), threads.limit(count):
            history = fit(model, tiny_data(), recipe)
        losses = [epoch.loss for epoch in history.epochs]
        ends.append((losses, {k: v.tobytes() for k, v in model.state_dict().items()}))
    assert ends[0] == ends[1]


def test_another_seed_ends_elsewhere() -> None:
    states = []
    for seed in (0, 1):
        recipe = tiny_recipe(seed=seed, epochs=1)
        model = tiny_model(recipe)
        fit(model, tiny_data(), recipe)
        states.append(model.state_dict()["head.weight"])
    assert (states[0] != states[1]).all()


def test_answers_do_not_depend_on_how_many_batches_run_side_by_side() -> None:
    model = tiny_model(tiny_recipe())
    images = np.random.default_rng(0).random((30, 8, 8, 1), np.float32)
    found = []
    for cores in (1, 2, 5):
        with threads.limit(cores):
            found.append(predict(model, images, batch_size=4).tobytes())
    assert found[0] == found[1] == found[2]
