"""What CvT's text says of sizes and costs, sections 4.1 to 4.3."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction

from minicvt.verify.equations.claim import claim, fixed
from minicvt.verify.equations.claims.counting import G, M, millions
from minicvt.verify.equations.pieces import ran
from minicvt.verify.equations.reading import LESS, PRINTED, About
from minicvt.verify.equations.row import Row

CLOSE = 0.02
"""How far a count may be from a rounded percentage."""


@claim(
    "cvt-text-W24",
    "section 4.1, model variants",
    r"|\theta(\text{CvT-W24})| = 298.3\ \mathrm{M}",
    "CvT-W24 has 298.3M parameters.",
    reading=PRINTED,
    expected="contradicted",
    why="Tables 2 and 3 say 276.7 and 277. With a head for the 22k classes of "
    "ImageNet-22k it comes near 298.3.",
)
@fixed
def wide() -> Iterator[Row]:
    """Count it with both heads."""
    yield millions("cvt-w24", "298.3")
    more = Fraction(ran("cvt-w24", num_classes=21841).parameters, M)
    yield Row("with 21,841 classes", Decimal("298.3"), more, unit="M")


@claim(
    "cvt-text-DeiT",
    "section 4.2",
    r"1 - \frac{|\theta(\text{CvT-21})|}{|\theta(\text{DeiT-B})|} = 0.63",
    "CvT-21 has 63 % fewer parameters and 60 % fewer FLOPs than DeiT-B.",
    reading=About(CLOSE),
    expected="approximate",
)
@fixed
def smaller() -> Iterator[Row]:
    """Count both."""
    ours, theirs = ran("cvt-21"), ran("deit-base")
    saved = 100 * (1 - Fraction(ours.parameters, theirs.parameters))
    yield Row("parameters", 63, saved, unit="%")
    yield Row("MACs", 60, 100 * (1 - Fraction(ours.macs, theirs.macs)), unit="%")


@claim(
    "cvt-text-ResNet",
    "section 4.2",
    r"|\theta(\text{ResNet-152})| = 3|\theta(\text{CvT-13})|",
    "ResNet-152, printed as ResNet-151, has 3 times the parameters of CvT-13.",
    reading=PRINTED,
)
@fixed
def resnet() -> Iterator[Row]:
    """Count both."""
    ratio = Fraction(ran("resnet-152").parameters, ran("cvt-13").parameters)
    yield Row("parameters", Decimal("3"), ratio, unit="x")


@claim(
    "cvt-text-BiT",
    "section 4.3",
    r"|\theta(\text{BiT})| > 3|\theta(\text{CvT-W24})|",
    "BiT-R152x4 has more than 3 times the parameters of CvT-W24.",
    reading=LESS,
    why="BiT's 928M is as table 3 prints it.",
)
@fixed
def bit() -> Iterator[Row]:
    """Count CvT-W24."""
    yield Row("parameters", 3 * ran("cvt-w24").parameters, 928 * M)


@claim(
    "cvt-text-NAS",
    "section 4.2, architecture search",
    r"13.66 \leq |\theta| \leq 19.88\ \mathrm{M},\quad "
    r"2.59 \leq \text{FLOPs} \leq 4.03\ \mathrm{G}",
    "Strides 1 or 2 and MLP ratios 2 or 4 span these parameters and FLOPs.",
    reading=PRINTED,
    expected="contradicted",
    why="The last rows fit: both ranges are as wide as MLP ratios 2 and 4 make them at "
    "one stride, so that stride 1, which costs more, seems not to be in them. And the "
    "model that was found there has 4.1 G in table 3, more than 4.03.",
)
@fixed
def search_space() -> Iterator[Row]:
    """Count the smallest and the largest model of the space."""
    small, large = ran("cvt-13", mlp_ratios=(2.0,)), ran("cvt-13", kv_stride=(1,))
    for most, model, parameters, macs in (
        ("fewest", small, "13.66", "2.59"),
        ("most", large, "19.88", "4.03"),
    ):
        counts = Fraction(model.parameters, M), Fraction(model.macs, G)
        yield Row(f"{most} parameters", Decimal(parameters), counts[0], unit="M")
        yield Row(f"{most} MACs", Decimal(macs), counts[1], unit="G")
    wide, at = ran("cvt-13"), "ratio 4 less ratio 2, stride 2"
    apart = Fraction(wide.parameters - small.parameters, M)
    yield Row(f"parameters, {at}", Decimal("19.88") - Decimal("13.66"), apart, unit="M")
    apart = Fraction(wide.macs - small.macs, G)
    yield Row(f"MACs, {at}", Decimal("4.03") - Decimal("2.59"), apart, unit="G")


CLAIMS = (
    wide,
    smaller,
    resnet,
    bit,
    search_space,
)
