"""Solutions of 02, and mistakes that its checks must name."""

import numpy as np


def best_step(method, eps):
    """Truncation, h or h^2, meets rounding, eps / h."""
    return eps ** (1 / 2 if method == "forward" else 1 / 3)


def relative_error(ours, right):
    """The largest difference by the largest value."""
    return np.abs(ours - right).max() / np.abs(right).max()


def is_right(f, gradient, x):
    """Compare <c, f(x + hv) - f(x - hv)> / 2h with <g, v>."""
    rng = np.random.default_rng(0)
    c, v = rng.normal(size=f(x).shape), rng.normal(size=x.shape)
    h = 1e-5
    measured = (c * (f(x + h * v) - f(x - h * v))).sum() / (2 * h)
    return bool(np.isclose((gradient(c, x) * v).sum(), measured, 1e-6, 1e-9))


def as_small_as_can_be(method, eps):
    """Take the smallest step there is."""
    return eps


def same_for_both(method, eps):
    """Take the forward difference's."""
    return eps**0.5


def entry_by_entry(ours, right):
    """Divide each by its own."""
    return (np.abs(ours - right) / np.abs(right)).max()


def by_a_sum(f, gradient, x):
    """Take the sum as the loss."""
    v, h = np.random.default_rng(0).normal(size=x.shape), 1e-5
    measured = (f(x + h * v) - f(x - h * v)).sum() / (2 * h)
    ours = (gradient(np.ones_like(f(x)), x) * v).sum()
    return bool(np.isclose(ours, measured, 1e-6, 1e-9))


def loosely(f, gradient, x):
    """Compare with a tolerance of a hundredth."""
    rng = np.random.default_rng(0)
    c, v = rng.normal(size=f(x).shape), rng.normal(size=x.shape)
    measured = (c * (f(x + 1e-5 * v) - f(x - 1e-5 * v))).sum() / 2e-5
    return bool(np.isclose((gradient(c, x) * v).sum(), measured, 1e-2, 1e-2))


MISTAKES = {
    "best_step": [
        (as_small_as_can_be, "is 1e-08, yours says 1e-16"),
        (same_for_both, "best_step('central', 1e-15) is 1e-05"),
    ],
    "relative_error": [(entry_by_entry, "yours says")],
    "is_right": [
        (by_a_sum, "softmax_zeros, array (2, 4)) is False, yours says True"),
        (loosely, "gelu_like_gradient, array (2, 4)) is False, yours says True"),
    ],
}
