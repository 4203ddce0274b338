"""Solutions of 03, and mistakes that its checks must name."""

import numpy as np


def rows_read(window, kernel, stride, padding, height):
    """All that it reads, without the border's."""
    first = stride * window - padding
    return tuple(row for row in range(first, first + kernel) if 0 <= row < height)


def unfold(x, kernel, stride, padding):
    """Cut the windows out of the padded map."""
    padded = np.pad(x, padding)
    return np.array([padded[w].ravel() for w in _windows(padded, kernel, stride)])


def fold(rows, size, kernel, stride, padding):
    """Add the windows where they were cut out, and take the border off."""
    padded = np.pad(np.zeros(size), padding)
    for row, w in zip(rows, _windows(padded, kernel, stride), strict=True):
        padded[w] += row.reshape(kernel, kernel)
    return padded[padding : padding + size[0], padding : padding + size[1]]


def _windows(padded, kernel, stride):
    height, width = padded.shape
    return [
        (slice(i, i + kernel), slice(j, j + kernel))
        for i in range(0, height - kernel + 1, stride)
        for j in range(0, width - kernel + 1, stride)
    ]


def with_the_border(window, kernel, stride, padding, height):
    """Count rows that are not there."""
    first = stride * window - padding
    return tuple(range(first, first + kernel))


def from_the_other_end(x, kernel, stride, padding):
    """Let -1 be the last row."""
    padded = np.pad(x, padding, mode="wrap")
    return np.array([padded[w].ravel() for w in _windows(padded, kernel, stride)])


def without_stride(x, kernel, stride, padding):
    """Take every window."""
    padded = np.pad(x, padding)
    return np.array([padded[w].ravel() for w in _windows(padded, kernel, 1)])


def with_the_last_only(rows, size, kernel, stride, padding):
    """Assign instead of adding."""
    padded = np.pad(np.zeros(size), padding)
    for row, w in zip(rows, _windows(padded, kernel, stride), strict=True):
        padded[w] = row.reshape(kernel, kernel)
    return padded[padding : padding + size[0], padding : padding + size[1]]


def with_a_size_of_its_own(rows, size, kernel, stride, padding):
    """Think that the last window ends where the map does."""
    height, width = (n - (n + 2 * padding - kernel) % stride for n in size)
    padded = np.pad(np.zeros((height, width)), padding)
    for row, w in zip(rows, _windows(padded, kernel, stride), strict=True):
        padded[w] += row.reshape(kernel, kernel)
    return padded[padding : padding + height, padding : padding + width]


MISTAKES = {
    "rows_read": [(with_the_border, "is (0, 1), yours says (-1, 0, 1)")],
    "unfold": [
        (from_the_other_end, "unfold(array (8, 7), 3, 2, 1) is 0 at"),
        (without_stride, "has shape (16, 9), yours (56, 9)"),
    ],
    "fold": [
        (with_the_last_only, "fold(array (56, 9), (8, 7), 3, 1, 1) is"),
        (with_a_size_of_its_own, "has shape (7, 8), yours (7, 7)"),
    ],
}
