"""One equation, three bodies: the whole model answers alike on all of them."""

from __future__ import annotations

import numpy as np
import pytest

import minicvt as mc
from tests.oracle import relative_error


def answers(body: str) -> dict[str, np.ndarray]:
    """Logits and all gradients of a training step of c8w on two images."""
    rng = np.random.default_rng(0)
    images = mc.Tensor(rng.normal(size=(2, 8, 8, 1)), requires_grad=True)
    with mc.kernels.use(body):
        model = mc.models.build("cvt-c8w", dtype="float64", seed=0)
        logits = model(images)
        logits.backward(rng.normal(size=logits.shape))
    gradients = {name: p.grad for name, p in model.named_parameters()}
    return {"logits": logits.numpy(), "images": images.grad, **gradients}


@pytest.mark.filterwarnings("ignore:the 'loops' kernels")
@pytest.mark.parametrize(
    "body", ["loops", pytest.param("numba", marks=[pytest.mark.numba])]
)
def test_the_model_answers_alike(body: str) -> None:
    expected, found = answers("numpy"), answers(body)
    largest = max(np.abs(value).max() for value in expected.values())
    for name, value in expected.items():
        zero = np.abs(value).max() < 1e-12 * largest  # a key's bias, of no effect
        if zero:
            assert np.abs(found[name]).max() < 1e-12 * largest, name
        else:
            assert relative_error(found[name], value) <= 1e-10, name
