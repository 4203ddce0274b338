"""Updates: three bodies to the last bit, and torch.optim.AdamW."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from minicvt import kernels, threads
from tests.kernels.comparing import FAST, bodies, dtypes, normal

BETAS, EPS, LR, DECAY = (0.8, 0.95), 1e-6, 0.03, 0.2


def factors(step: int) -> tuple[Any, ...]:
    b1, b2 = BETAS
    return BETAS, EPS, 1 - LR * DECAY, LR / (1 - b1**step), (1 - b2**step) ** 0.5


def run(body: str, dtype: str, size: int, steps: int = 4) -> list[Any]:
    """Return parameters, mean and square after some steps."""
    p = normal(0, size, dtype=dtype)
    mean, square = np.zeros(size, dtype), np.zeros(size, dtype)
    for step in range(1, steps + 1):
        gradient = normal(step, size, dtype=dtype)
        before = p.copy(), gradient.copy()
        update = kernels.adamw.body(body)
        new = update(p, gradient, mean, square, *factors(step))
        np.testing.assert_array_equal(p, before[0])
        np.testing.assert_array_equal(gradient, before[1])
        p = new
    return [p, mean, square]


@pytest.mark.parametrize("body", FAST)
@dtypes
@pytest.mark.parametrize("size", [1, 17, 300])
def test_bodies_agree_to_the_last_bit(body: str, dtype: str, size: int) -> None:
    for ours, loops in zip(
        run(body, dtype, size), run("loops", dtype, size), strict=True
    ):
        assert ours.dtype == dtype
        np.testing.assert_array_equal(ours, loops)


@bodies
def test_pytorch_in_float64(body: str) -> None:
    p = torch.tensor(normal(0, 40), requires_grad=True)
    peer = torch.optim.AdamW([p], LR, BETAS, EPS, DECAY)
    for step in range(1, 5):
        p.grad = torch.tensor(normal(step, 40))
        peer.step()
    ours = run(body, "float64", 40)[0]
    np.testing.assert_allclose(ours, p.detach().numpy(), rtol=0, atol=1e-14)


@pytest.mark.parametrize("body", FAST)
def test_how_it_is_split_changes_nothing(body: str) -> None:
    found = []
    for count in (1, 2, 3):
        with threads.limit(count):
            found.append(run(body, "float32", 200_001, 1))
    for others in found[1:]:
        for a, b in zip(found[0], others, strict=True):
            np.testing.assert_array_equal(a, b)
