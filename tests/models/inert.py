"""Gradients of the fixtures that are zero whatever the values: all that is rounding."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from tests.models.relatives import Fixture

ZERO = 1e-12  # of the model's largest gradient: what rounding leaves of a zero

# Shifting all scores of a query changes no softmax: a key's bias does that. Nothing
# reads the last LeFF of CeiT but tokens that nobody reads.
KEY_BIAS = r".*(key/bias|attn\.k\.bias)"
DEAD = r"blocks\.1\.leff\..*"
# BatchNorm takes the batch's mean away, and with it whatever was added to a channel,
# just before (a convolution's bias) or before a pointwise convolution (a norm's bias).
BEFORE_NORM = {
    "ceit_a": r".*leff\.conv[123]\.bias",
    "cmt_a": r".*(sr\.0|conv2\.0|proj_bn|_fc|blocks_d\.0\.mlp\.conv2\.1)\.bias",
}


def published_gradients(official: Fixture, mode: str) -> tuple[Any, float]:
    """Return gradients by published name, ``grad_x`` too, and what is zero beside them.

    That is the largest number which rounding may leave of a gradient that is inert.
    """
    values = official.under(f"{mode}/")
    found = {k.removeprefix("grad/"): v for k, v in values.items() if "grad" in k}
    return found, ZERO * max(np.abs(value).max() for value in found.values())


def inert(name: str, mode: str, gradient: str) -> bool:
    """Whether a gradient is zero whatever the values, and so all rounding."""
    patterns = [KEY_BIAS]
    patterns += [DEAD] if name == "ceit_a" else []
    patterns += [BEFORE_NORM[name]] if mode == "train" and name in BEFORE_NORM else []
    return any(re.fullmatch(pattern, gradient) for pattern in patterns)
