"""Solutions of 13, and mistakes that its checks must name."""

import numpy as np


def window_side(kernels, strides):
    """Each kernel adds (k - 1) steps, as long as all strides below it together."""
    side, step = 1, 1
    for kernel, stride in zip(kernels, strides, strict=True):
        side += (kernel - 1) * step
        step *= stride
    return side


def pointing_rate(maps, boxes):
    """Find each largest value, and ask whether it lies in the box."""
    width = maps.shape[2]
    rows, columns = np.divmod(maps.reshape(len(maps), -1).argmax(axis=1), width)
    top, left, bottom, right = boxes.T
    inside = (top <= rows) & (rows < bottom) & (left <= columns) & (columns < right)
    return inside.mean()


def deal(keys, count):
    """Deal into more tokens than there are, and cut the borders off."""
    return dealt_out(keys)[1 : count + 1]


def dealt_out(keys):
    """One place of padding on the left, as many as it takes on the right."""
    out = np.zeros(2 * len(keys) + 1)
    for i, share in enumerate(keys):
        out[2 * i : 2 * i + 3] += share * np.array([1, 2, 1]) / 4
    return out


def without_strides(kernels, strides):
    """Add the kernels as if every step were one pixel."""
    return 1 + sum(kernel - 1 for kernel in kernels)


def half_of_the_box(maps, boxes):
    """Look at rows alone."""
    rows = maps.reshape(len(maps), -1).argmax(axis=1) // maps.shape[2]
    return ((boxes[:, 0] <= rows) & (rows < boxes[:, 2])).mean()


def given_back(keys, count):
    """Give what falls on padding to the rest."""
    out = dealt_out(keys)[1 : count + 1]
    return out * sum(keys) / out.sum()


MISTAKES = {
    "window_side": [(without_strides, "is 7, yours says 5")],
    "pointing_rate": [(half_of_the_box, "yours says 0.")],
    "deal": [(given_back, "(array (4,), 7) is")],
}
