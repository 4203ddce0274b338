"""Solutions of 04, and mistakes that its checks must name."""

import numpy as np


def at_least(macs, moved, mac_rate, byte_rate):
    """Both can overlap, so the longer one counts."""
    return max(macs / mac_rate, moved / byte_rate)


def layer_norm(x, weight, bias, eps):
    """Two sums over each row, then the row."""
    rows, channels = x.shape
    y = np.empty_like(x)
    for n in range(rows):
        mean = 0.0
        for c in range(channels):
            mean += x[n, c] / channels
        variance = 0.0
        for c in range(channels):
            variance += (x[n, c] - mean) ** 2 / channels
        for c in range(channels):
            xhat = (x[n, c] - mean) / (variance + eps) ** 0.5
            y[n, c] = weight[c] * xhat + bias[c]
    return y


def moments(numbers):
    """Welford: each number moves the mean by its share of the distance."""
    mean, squares = 0.0, 0.0
    for count, number in enumerate(numbers, start=1):
        distance = number - mean
        mean += distance / count
        squares += distance * (number - mean)
    return mean, squares / len(numbers)


def one_after_the_other(macs, moved, mac_rate, byte_rate):
    """Add up what may overlap."""
    return macs / mac_rate + moved / byte_rate


def sample_variance(x, weight, bias, eps):
    """Divide by C - 1, as one does for samples."""
    centred = x - x.mean(axis=1, keepdims=True)
    deviation = np.sqrt(x.var(axis=1, ddof=1, keepdims=True) + eps)
    return weight * centred / deviation + bias


def eps_outside(x, weight, bias, eps):
    """Add eps to the root."""
    centred = x - x.mean(axis=1, keepdims=True)
    return weight * centred / (x.std(axis=1, keepdims=True) + eps) + bias


def difference_of_squares(numbers):
    """E[x^2] - E[x]^2: nothing is left of it when x is large."""
    mean = sum(numbers) / len(numbers)
    return mean, sum(n * n for n in numbers) / len(numbers) - mean * mean


MISTAKES = {
    "at_least": [(one_after_the_other, "is 0.01, yours says 0.0101")],
    "layer_norm": [
        (sample_variance, "layer_norm(array (6, 5), array (5,), array (5,), 0.01) is"),
        (eps_outside, "layer_norm(array (6, 5), array (5,), array (5,), 0.01) is"),
    ],
    "moments": [(difference_of_squares, "moments(array (200,)), part 1: is")],
}
