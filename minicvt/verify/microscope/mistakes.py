"""Mistakes on the way back: data, to be tried in every operation of their kind."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any

from minicvt.verify.microscope.pullbacks import (
    Change,
    constant_mean,
    constant_statistics,
    curve_of,
    gate_constant,
    softmax_of,
    times,
    unflipped,
    unscaled,
    untransposed,
    without_weight,
)
from minicvt.verify.microscope.rules import Pulled, Rule

CURVES = ("gelu", "gelu_tanh", "quick_gelu", "silu")
NORMS = ("layer_norm", "batch_norm", "batch_norm_eval")
CONVOLUTIONS = ("conv2d", "depthwise_conv2d")


def of_sides(position: int, value: Callable[[Pulled], float], residual: bool) -> Change:
    """Multiply one side's part of a sum: of a residual, or of what is broadcast."""
    multiply = times(position, value)

    def change(p: Pulled) -> Any:
        alike = p.inputs[0].shape == p.inputs[1].shape
        return multiply(p) if alike == residual else p.parts

    return change


def zero(p: Pulled) -> float:
    """Nothing arrives."""
    return 0.0


def per_row(p: Pulled) -> float:
    """The mean over rows in place of their sum."""
    return 1 / prod(p.cotangent.shape[:-1])


def per_sample(p: Pulled) -> float:
    """The mean over the batch in place of its sum."""
    return 1 / len(p.cotangent)


def per_copy(p: Pulled) -> float:
    """The mean over copies in place of their sum."""
    return p.inputs[0].size / p.output.size


def per_window(p: Pulled) -> float:
    """The divisor of a pooling window forgotten."""
    return float(prod(p.options["kernel"]))


def per_mean(p: Pulled) -> float:
    """The divisor of a mean forgotten."""
    return p.inputs[0].size / p.output.size


RULES = [
    Rule(
        "the shortcut of residuals gets no gradient", ("add",), of_sides(0, zero, True)
    ),
    Rule("the branch of residuals gets no gradient", ("add",), of_sides(1, zero, True)),
    Rule("a norm's weight is forgotten", NORMS, without_weight),
    Rule("a norm's statistics are constants", NORMS[:2], constant_statistics),
    Rule("BatchNorm's statistics are constants", NORMS[1:2], constant_statistics),
    Rule("a norm's mean is a constant", NORMS[:2], constant_mean),
    *(
        Rule(f"the activation's derivative is that of {name}", CURVES, curve_of(name))
        for name in (*CURVES, "relu")
    ),
    Rule("the activation's gate is a constant", CURVES, gate_constant),
    Rule("the scale is forgotten", ("attend",), unscaled),
    Rule("softmax is a constant", ("attend",), softmax_of(lambda w, d: 0 * d)),
    Rule(
        "softmax is taken for exp: no sum", ("attend",), softmax_of(lambda w, d: w * d)
    ),
    Rule(
        "softmax's Jacobian is its diagonal",
        ("attend",),
        softmax_of(lambda w, d: w * (1 - w) * d),
    ),
    Rule("v gets no gradient", ("attend",), times(2, zero)),
    Rule("a weight is not transposed", ("linear",), untransposed),
    Rule("biases get the mean over rows", ("linear", "conv2d"), times(2, per_row)),
    Rule(
        "biases get the mean over the batch", ("linear", "conv2d"), times(2, per_sample)
    ),
    Rule("weights get the mean over rows", ("linear",), times(1, per_row)),
    Rule(
        "weights get the mean over the batch",
        ("linear", *CONVOLUTIONS),
        times(1, per_sample),
    ),
    Rule("a kernel is not flipped", CONVOLUTIONS, unflipped),
    Rule("convolutions send nothing back", CONVOLUTIONS, times(0, zero)),
    Rule("a norm's weight gets the mean over rows", NORMS, times(1, per_row)),
    Rule(
        "what is broadcast gets the mean of its copies",
        ("broadcast_to",),
        times(0, per_copy),
    ),
    Rule(
        "what is added to all gets the mean", ("add",), of_sides(1, per_sample, False)
    ),
    Rule("pooling forgets its divisor", ("avg_pool2d",), times(0, per_window)),
    Rule("a mean forgets its divisor", ("mean",), times(0, per_mean)),
    Rule("what is sliced gets no gradient", ("getitem",), times(0, zero)),
]
"""Each is tried in every operation of its kind at once."""
