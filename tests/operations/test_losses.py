"""cross_entropy, from labels or soft targets, against PyTorch's."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch.nn.functional as F

from minicvt import Tensor, ops
from tests.oracle import relative_error, to_torch

RNG = np.random.default_rng(0)
LOGITS = RNG.normal(0.5, 3, (6, 4))
SOFT = RNG.dirichlet(np.ones(4), 6)
LABELS = np.array([0, 3, 3, 1, 2, 0])
TARGETS = {
    "labels": LABELS,
    "bytes": LABELS.astype("uint8"),
    "soft": SOFT,
    "one sample": LABELS[:1],
}


@pytest.mark.parametrize("smoothing", [0.0, 0.1, 1.0])
@pytest.mark.parametrize("name", TARGETS)
def test_cross_entropy(name: str, smoothing: float) -> None:
    targets: Any = TARGETS[name]
    x = Tensor(LOGITS[: len(targets)], requires_grad=True)
    loss = ops.cross_entropy(x, targets, label_smoothing=smoothing)
    loss.backward(np.array(0.7))
    their_x = to_torch(x.numpy(), requires_grad=True)
    their_targets = to_torch(SOFT if name == "soft" else targets.astype("int64"))
    expected = F.cross_entropy(their_x, their_targets, label_smoothing=smoothing)
    (0.7 * expected).backward()
    assert relative_error(loss.numpy(), expected.detach()) <= 1e-14
    assert relative_error(x.grad, their_x.grad) <= 1e-14


def test_large_logits_neither_overflow_nor_lose_the_loss() -> None:
    logits = np.array([[1e4, 0.0], [0.0, 1e4]])
    assert ops.cross_entropy(logits, np.array([0, 1])).item() == 0
    assert ops.cross_entropy(logits, np.array([1, 0])).item() == 1e4


def test_the_loss_has_the_dtype_of_the_logits() -> None:
    for targets in (LABELS, SOFT):
        loss = ops.cross_entropy(LOGITS.astype("float32"), targets, label_smoothing=0.1)
        assert loss.dtype == np.float32


def test_targets_may_be_a_tensor() -> None:
    expected = ops.cross_entropy(LOGITS, SOFT).item()
    assert ops.cross_entropy(LOGITS, Tensor(SOFT)).item() == expected
