"""Linear maps and convolutions: biases, padding, stride, which way weights lie."""

from __future__ import annotations

from typing import Any

import numpy as np

from minicvt.nn import MLP, Attention, Conv2d, ConvMLP, Linear
from minicvt.verify.microscope.hypothesis import Change, suppose, weighing


def transposed(linear: Any) -> None:
    """Use a square weight as if it were ``(in, out)``."""
    if linear.weight.shape[0] == linear.weight.shape[1]:
        weighing("weight", np.transpose)(linear)


def padded(padding: Any) -> Change:
    """Pad otherwise: ``padding`` of the kernel's side and the stride."""

    def change(conv: Any) -> None:
        sides = conv.weight.shape[2:]
        steps = conv.window["stride"]
        pairs = zip(sides, steps, strict=True)
        conv.window = conv.window | {"padding": tuple(padding(*p) for p in pairs)}

    return change


def stepping(stride: Any) -> Change:
    """Step otherwise: ``stride`` of the kernel's side."""

    def change(conv: Any) -> None:
        steps = tuple(stride(side) for side in conv.weight.shape[2:])
        conv.window = conv.window | {"stride": steps}

    return change


def by_place(weight: Any) -> Any:
    """Read the columns of a kernel as (row, column, channel)."""
    out, channels, height, width = weight.shape
    return np.moveaxis(weight.reshape(out, height, width, channels), 3, 1)


def emptied(module: Any) -> None:
    """Set every number inside to zero."""
    for _, part in module.named_modules():
        weighing("weight bias", np.zeros_like)(part)


PADDINGS = {
    "half the kernel": lambda k, s: k // 2,
    "half the overlap k - s, rounded up": lambda k, s: (k - s + 1) // 2,
    "half the overlap k - s, rounded down": lambda k, s: (k - s) // 2,
    "nothing": lambda k, s: 0,
}

HYPOTHESES = [
    suppose("there is no bias", (Linear, Conv2d), weighing("bias", np.zeros_like)),
    suppose("the weight is transposed", Linear, transposed),
    suppose("weights are zero", (Linear, Conv2d, MLP, ConvMLP, Attention), emptied),
    *(
        suppose(f"the padding is {words}", Conv2d, padded(rule))
        for words, rule in PADDINGS.items()
    ),
    suppose("the stride is 1", Conv2d, stepping(lambda k: 1)),
    suppose("the stride is 2", Conv2d, stepping(lambda k: 2)),
    suppose("the stride is the kernel's side", Conv2d, stepping(lambda k: k)),
    suppose(
        "the kernel is flipped: convolution, not correlation",
        Conv2d,
        weighing("weight", lambda w: w[:, :, ::-1, ::-1]),
    ),
    suppose(
        "windows are read as (row, column, channel)",
        Conv2d,
        weighing("weight", by_place),
    ),
    suppose(
        "the kernel's rows and columns are exchanged",
        Conv2d,
        weighing("weight", lambda w: w.swapaxes(2, 3)),
    ),
]
