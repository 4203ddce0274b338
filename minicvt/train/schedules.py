"""The learning rate as a function of the step."""

from __future__ import annotations

import math


def warmup_cosine(step: int, steps: int, warmup: float = 0.1) -> float:
    """Share of the full learning rate at ``step`` of ``steps``, in (0, 1].

    With W = round(warmup * steps) steps of linear warm-up::

        (step + 1) / W                                        step < W
        (1 + cos(pi (step - W) / (steps - W))) / 2            after

    It is 1 at steps W - 1 and W and would be 0 at ``steps``, one past the last
    (Loshchilov & Hutter 2017, equation 5, without restarts).
    """
    rise = round(warmup * steps)
    if step < rise:
        return (step + 1) / rise
    return 0.5 * (1 + math.cos(math.pi * (step - rise) / (steps - rise)))
