"""What norms, softmax and the loss do not see, and what that says of gradients."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minicvt import Tensor, ops
from tests.laws.parts import ROUNDING, gradient
from tests.nn.comparing import normal
from tests.oracle import relative_error

EPS = 1e-3
X = normal(3, 4, 5, 6)
WEIGHT, BIAS = normal(6, seed=1), normal(6, seed=2)

factors = st.floats(0.1, 10)
shifts = st.floats(-5, 5)


def layer_norm(x: Any, eps: float = EPS) -> Any:
    return ops.layer_norm(x, WEIGHT, BIAS, eps=eps)


def batch_norm(x: Any, eps: float = EPS) -> Any:
    return ops.batch_norm(x, WEIGHT, BIAS, eps=eps)[0]


@given(factor=factors, shift=shifts)
def test_layer_norm_sees_neither_scale_nor_shift(factor: float, shift: float) -> None:
    """LN(a x + b; eps) = LN(x; eps / a^2), a and b any for each row."""
    a, b = factor * np.exp(normal(3, 4, 5, 1)), shift + normal(3, 4, 5, 1)
    for row in np.ndindex(3, 4, 5):
        ours = layer_norm((a * X + b)[row]).numpy()
        expected = layer_norm(X[row], EPS / a[row].item() ** 2).numpy()
        assert relative_error(ours, expected) <= 1e-12


@given(factor=factors, shift=shifts)
def test_batch_norm_sees_neither_in_training(factor: float, shift: float) -> None:
    """BN(a x + b; eps) = BN(x; eps / a^2), in training, b any for each channel."""
    ours = batch_norm(factor * X + shift * normal(6, seed=3)).numpy()
    expected = batch_norm(X, EPS / factor**2).numpy()
    assert relative_error(ours, expected) <= 1e-12


@pytest.mark.parametrize(("norm", "axes"), [(layer_norm, -1), (batch_norm, (0, 1, 2))])
def test_gradients_of_norms_have_no_mean_and_no_part_along_x(
    norm: Any, axes: Any
) -> None:
    """sum(dx) = 0 and, without eps, <dx, x> = 0: what is not seen has no slope."""
    d = gradient(lambda x: norm(x, 0.0), X)
    assert np.abs(d.sum(axes)).max() <= ROUNDING * np.abs(d).sum()
    assert np.abs((d * X).sum(axes)).max() <= ROUNDING * np.abs(d * X).sum()


@given(shift=st.floats(-30, 30))
def test_softmax_does_not_see_a_shift(shift: float) -> None:
    """softmax(x + c) = softmax(x), c any for each row; so the rows of dx sum to 0."""
    moved = X + shift * normal(3, 4, 5, 1)
    assert relative_error(ops.softmax(moved).numpy(), ops.softmax(X).numpy()) <= 1e-12
    d = gradient(ops.softmax, moved)
    assert np.abs(d.sum(-1)).max() <= ROUNDING * np.abs(d).max()


@given(factor=factors)
def test_attention_sees_the_scores_alone(factor: float) -> None:
    """A(c q, k; s / c) = A(q, k; s), and a bias that is one number a query is lost."""
    q, k, v = (normal(2, 3, n, 4, seed=n) for n in (5, 7, 7))
    expected = ops.attend(q, k, v, scale=0.5).numpy()
    ours = ops.attend(factor * q, k, v, scale=0.5 / factor).numpy()
    assert relative_error(ours, expected) <= 1e-12
    biased = ops.attend(q, k, v, normal(2, 3, 5, 1), scale=0.5).numpy()
    assert relative_error(biased, expected) <= 1e-12


def test_attention_is_a_mean_of_values() -> None:
    """min v <= A <= max v, and values that are all c give c."""
    q, k, v = (normal(2, 3, n, 4, seed=n) for n in (5, 7, 7))
    y = ops.attend(q, k, v, scale=0.5).numpy()
    assert (y >= v.min(2, keepdims=True)).all()
    assert (y <= v.max(2, keepdims=True)).all()
    same = ops.attend(q, k, np.broadcast_to(v[:, :, :1], v.shape), scale=0.5).numpy()
    assert relative_error(same, np.broadcast_to(v[:, :, :1], same.shape)) <= ROUNDING


@given(shift=st.floats(-30, 30))
def test_the_loss_does_not_see_a_shift_of_the_logits(shift: float) -> None:
    """L(z + c) = L(z), c any for each image; so the rows of dz sum to 0."""
    logits, targets = normal(4, 7), np.array([0, 6, 3, 3])
    moved = logits + shift * normal(4, 1)
    losses = [ops.cross_entropy(Tensor(x), targets).item() for x in (moved, logits)]
    assert losses[0] == pytest.approx(losses[1], rel=1e-12)
    d = gradient(lambda z: ops.cross_entropy(z, targets), moved)
    assert np.abs(d.sum(1)).max() <= ROUNDING * np.abs(d).max()
