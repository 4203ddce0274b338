"""What a window reads, and how what it holds is dealt back to it.

Going down from a key or a token to what it was made of needs weights for the places
its window covers. The learned kernels have signs, so they are no shares; we use a
triangle, the same for every channel::

    weights of k places = 1, 2, ..., 2, 1, divided by their sum

(for 3: 1/4, 1/2, 1/4), and equal weights where windows do not overlap. With k = 2s - 1,
as for the paper's 3/2 and 7/4, every place is read equally often: even weights would
give a map a grid. The share that falls on padding is dropped, not given to the rest:
windows at the border see less of the image, and giving it back lights up the corners.
So too for CeiT's 7/2, for max pooling, which takes a place of its window that rollout
does not ask for, and for the soft splits of T2T-ViT, which keep them all.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from minicvt.kernels.types import Array
from minicvt.observe import OperationEvent

Pair = tuple[int, int]
WINDOWED = ("conv2d", "depthwise_conv2d", "avg_pool2d", "max_pool2d", "im2col")


class Window(NamedTuple):
    """A window that slid over a map ``below`` (H, W)."""

    kernel: Pair
    stride: Pair
    padding: Pair
    below: Pair

    @classmethod
    def of(cls, event: OperationEvent) -> Window:
        """Read the window of an observed convolution, pooling or soft split."""
        options, x = event.options, event.inputs[0]
        kernel = options.get("kernel") or event.inputs[1].shape[2:]
        return cls(kernel, options["stride"], options["padding"], x.shape[1:3])

    def deal(self, shares: Array) -> Array:
        """Deal ``(B, H', W')``, one share a window, to places ``(B, H, W)``.

        out[b, s i + u - p, s j + v - p] += w[u] w[v] shares[b, i, j]
        """
        batch, *above = shares.shape
        reach = [
            max(n + p, s * (m - 1) + k)
            for n, p, s, m, k in zip(
                self.below, self.padding, self.stride, above, self.kernel, strict=True
            )
        ]
        out = np.zeros((batch, *reach), shares.dtype)
        rows, columns = map(triangle, self.kernel, self.stride)
        for u, row in enumerate(rows):
            for v, column in enumerate(columns):
                seen = out[:, _every(u, self.stride[0], above[0])]
                seen[:, :, _every(v, self.stride[1], above[1])] += row * column * shares
        (top, left), (height, width) = self.padding, self.below
        return out[:, top : top + height, left : left + width]


def triangle(kernel: int, stride: int) -> list[float]:
    """Weights of one axis of a window, which sum to 1."""
    if stride >= kernel:
        return [1 / kernel] * kernel
    rising = [min(i + 1, kernel - i) for i in range(kernel)]
    return [weight / sum(rising) for weight in rising]


def _every(start: int, step: int, count: int) -> slice:
    return slice(start, start + step * (count - 1) + 1, step)
