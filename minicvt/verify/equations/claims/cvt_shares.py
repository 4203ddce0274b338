"""CvT, section 3.2.2, first half, in whole models: dense, separable and linear."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from minicvt.verify.equations.claim import claim, fixed
from minicvt.verify.equations.pieces import dense, ran, separable
from minicvt.verify.equations.reading import About
from minicvt.verify.equations.row import Row

NEGLIGIBLE = 0.01
"""What is called negligible here: less than one in a hundred."""


@claim(
    "cvt-E4-model",
    "section 3.2.2, as it is often read",
    r"\frac{s^2 C^2}{C^2} = s^2 = 9",
    "Standard convolutions would make projections, or the model, 9 times as costly.",
    expected="contradicted",
    why="The separable projection has the C^2 of the point-wise part as well, so that "
    "the ratio tends to s^2 with C and never reaches it. Only q, k and v are "
    "convolutions: the output projection, the MLP and the embeddings stay as they are.",
)
@fixed
def dense_instead() -> Iterator[Row]:
    """Compare whole models, projections, and the weights of projections."""
    for name in ("cvt-13", "cvt-21", "cvt-w24"):
        model, other = ran(name, projection=("dense",)), ran(name)
        parameters = Fraction(model.parameters, other.parameters)
        yield Row(f"parameters of {name}", 9, parameters, unit="x")
        macs = Fraction(model.macs, other.macs)
        yield Row(f"MACs of {name}", 9, macs, unit="x")
    for c in (64, 192, 384, 1024):
        split = separable(c, (3, 1, 1), (14, 14), norm=False).parameters - c
        weights = Fraction(dense(c, (3, 1, 1), (14, 14)).parameters, split)
        yield Row(f"weights of a projection, C = {c}", 9, weights, unit="x")
        whole = separable(c, (3, 1, 1), (14, 14)).parameters
        ratio = Fraction(dense(c, (3, 1, 1), (14, 14), bias=True).parameters, whole)
        yield Row(f"with BatchNorm and biases, C = {c}", 9, ratio, unit="x")


@claim(
    "cvt-E7-share",
    "section 3.2.2",
    r"\text{negligible with respect to the total parameters and FLOPs}",
    "Models with and without the depthwise part cost about the same.",
    reading=About(NEGLIGIBLE),
    expected="approximate",
    why="At equal strides of keys and values: what is left out is the depthwise "
    "convolutions and their BatchNorm, not the stride that they make possible.",
)
@fixed
def share() -> Iterator[Row]:
    """Leave depthwise convolution and BatchNorm out of what was counted."""
    for name in ("cvt-13", "cvt-21", "cvt-w24"):
        model = ran(name)
        parts = [p.size for n, p in model.model.named_parameters() if "conv_proj" in n]
        without = model.parameters - sum(parts)
        yield Row(f"parameters of {name}", without, model.parameters)
        without = model.macs - model.within(".conv_proj_")
        yield Row(f"MACs of {name}", without, model.macs)


CLAIMS = (
    dense_instead,
    share,
)
