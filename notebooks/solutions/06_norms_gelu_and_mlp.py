"""Solutions of 06, and mistakes that its checks must name."""

import numpy as np


def silu_pullback(d, x):
    """One road by each x of x s: s, and x s (1 - s)."""
    s = 1 / (1 + np.exp(-x))
    return d * (s + x * s * (1 - s))


def rms_norm_gradient(d, x, weight):
    """Without a mean to take off, the road through it is gone."""
    r = 1 / np.sqrt((x**2).mean(1, keepdims=True) + 1e-5)
    xhat, g = x * r, d * weight
    dx = r * (g - xhat * (g * xhat).mean(1, keepdims=True))
    return dx, (d * xhat).sum(0)


def running(mean, var, x, momentum=0.1):
    """A tenth of the new, nine tenths of the old."""
    new = x.mean(0), x.var(0, ddof=1)
    old = (1 - momentum) * mean, (1 - momentum) * var
    return old[0] + momentum * new[0], old[1] + momentum * new[1]


def one_road(d, x):
    """Take the gate for a constant."""
    return d / (1 + np.exp(-x))


def with_the_mean(d, x, weight):
    """LayerNorm's three roads."""
    r = 1 / np.sqrt((x**2).mean(1, keepdims=True) + 1e-5)
    xhat, g = x * r, d * weight
    dx = g - g.mean(1, keepdims=True) - xhat * (g * xhat).mean(1, keepdims=True)
    return r * dx, (d * xhat).sum(0)


def forgets_gamma(d, x, weight):
    """Gamma is in the forward only."""
    r = 1 / np.sqrt((x**2).mean(1, keepdims=True) + 1e-5)
    xhat = x * r
    return r * (d - xhat * (d * xhat).mean(1, keepdims=True)), (d * xhat).sum(0)


def biased(mean, var, x, momentum=0.1):
    """Keep the variance that training divides by."""
    old = (1 - momentum) * mean, (1 - momentum) * var
    return old[0] + momentum * x.mean(0), old[1] + momentum * x.var(0)


def other_way_round(mean, var, x, momentum=0.1):
    """Take momentum for the share of the old."""
    new = (1 - momentum) * x.mean(0), (1 - momentum) * x.var(0, ddof=1)
    return momentum * mean + new[0], momentum * var + new[1]


MISTAKES = {
    "silu_pullback": [(one_road, "yours says")],
    "rms_norm_gradient": [
        (with_the_mean, "part 0: is"),
        (forgets_gamma, "part 0: is"),
    ],
    "running": [(biased, "part 1: is"), (other_way_round, "part 0: is")],
}
