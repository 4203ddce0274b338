"""Where a token is: a table of learned values, or a fixed one of waves."""

from __future__ import annotations

import numpy as np

from minicvt.blank import Blank, is_shapes_only
from minicvt.nn.init import Init
from minicvt.nn.module import Parameter

KINDS = ("learned", "sinusoid", "score_bias")
"""Added to tokens, learned or fixed; or CMT's, learned and added to the scores."""


def learned(tokens: int, dim: int, *, init: Init) -> Parameter:
    """Make a table ``(1, tokens, dim)`` to train, normal with std 0.02."""
    return Parameter(init.normal(1, tokens, dim))


def sinusoid(tokens: int, dim: int, *, init: Init) -> Parameter:
    """Make the frozen table of T2T-ViT, ``(1, tokens, dim)``.

    angle(p, j) = p / 10000^(2 floor(j / 2) / dim); its sine for even j, its cosine
    for odd j. Rounded to float32 as in the official code, whatever the dtype.
    """
    if is_shapes_only():
        return Parameter(Blank((1, tokens, dim), init.dtype), requires_grad=False)
    p, j = np.arange(tokens)[:, None], np.arange(dim)
    angle = p / np.power(10000, 2 * (j // 2) / dim)
    table = np.where(j % 2 == 0, np.sin(angle), np.cos(angle)).astype(np.float32)
    return Parameter(table[None].astype(init.dtype), requires_grad=False)


def score_bias(heads: int, queries: int, keys: int, *, init: Init) -> Parameter:
    """Make a bias ``(heads, queries, keys)`` for scores, normal with std 1 (CMT)."""
    return Parameter(init.normal(heads, queries, keys, std=1.0))
