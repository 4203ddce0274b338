"""How one of our tensors lies in other people's files: forms, each with its inverse.

A form moves or regroups numbers and changes none, so that gradients go through it as
values do. Our shapes are PyTorch's: Linear ``(out, in)``, convolution ``(out, in, k,
k)``. JAX splits the attention's width into heads, which its files then tell.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

Array = np.ndarray[Any, Any]


class Form(NamedTuple):
    """From ours to theirs, for so many heads, and back.

    ``split`` is the axis of theirs that counts heads, if there is one.
    """

    theirs: Callable[[Array, int], Array]
    ours: Callable[[Array], Array]
    split: int | None = None


def ones(*axes: int) -> Form:
    """Theirs has ``axes`` of length 1 besides."""
    return Form(lambda a, heads: np.expand_dims(a, axes), lambda a: np.squeeze(a, axes))


def flat(kernel: int) -> Form:
    """``(out, in, k, k)`` to a Linear over unfolded windows, ``(out, in k k)``."""
    return Form(
        lambda a, heads: a.reshape(len(a), -1),
        lambda a: a.reshape(len(a), -1, kernel, kernel),
    )


SAME = Form(lambda a, heads: a, lambda a: a)
POINTWISE = ones(2, 3)
"""Our Linear ``(out, in)``, their 1x1 convolution ``(out, in, 1, 1)``."""
DENSE = Form(lambda a, heads: a.T, lambda a: a.T)
"""``(out, in)`` to ``(in, out)``."""
HWIO = Form(lambda a, heads: a.transpose(2, 3, 1, 0), lambda a: a.transpose(3, 2, 0, 1))
"""``(out, in, k, k)`` to ``(k, k, in, out)``."""
HEADS = Form(lambda a, heads: a.reshape(heads, -1), lambda a: a.reshape(-1), split=0)
"""The bias of q, k or v, ``(h d)``, to ``(h, d)``."""
INTO_HEADS = Form(
    lambda a, heads: a.T.reshape(a.shape[1], heads, -1),
    lambda a: a.reshape(len(a), -1).T,
    split=1,
)
"""The weight of q, k or v, ``(h d, in)``, to ``(in, h, d)``."""
FROM_HEADS = Form(
    lambda a, heads: a.T.reshape(heads, -1, len(a)),
    lambda a: a.reshape(-1, a.shape[-1]).T,
    split=0,
)
"""The weight after attention, ``(out, h d)``, to ``(h, d, out)``."""
