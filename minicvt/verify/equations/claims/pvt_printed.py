"""Tables of PVT: which models they describe."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction

from minicvt.verify.equations.claim import claim, fixed
from minicvt.verify.equations.claims.counting import G, billions, millions
from minicvt.verify.equations.pieces import ran
from minicvt.verify.equations.reading import PRINTED, About
from minicvt.verify.equations.row import Row

TABLE_2 = (
    ("pvt-tiny", "13.2", "1.9"),
    ("pvt-small", "24.5", "3.8"),
    ("pvt-medium", "44.2", "6.7"),
    ("pvt-large", "61.4", "9.8"),
)


@claim(
    "pvt-T1",
    "table 1 and table 2",
    r"L_2 = 3 \Rightarrow 24.5\ \mathrm{M},\ 3.8\ \mathrm{G};\quad "
    r"44.2\ \mathrm{M},\ 6.7\ \mathrm{G}",
    "PVT-Small and Medium, three blocks in stage 2, have the printed costs.",
    reading=PRINTED,
    expected="contradicted",
    why="The code has four blocks there, and with four all figures fit: pvt-T2.",
)
@fixed
def depth_as_printed() -> Iterator[Row]:
    """Count the models of table 1."""
    for name, parameters, flops in TABLE_2[1:3]:
        third = 6 if name == "pvt-small" else 18
        made = ran(name, depths=(3, 3, third, 3))
        counts = Fraction(made.parameters, 10**6), Fraction(made.macs, G)
        yield Row(f"parameters of {name}", Decimal(parameters), counts[0], unit="M")
        yield Row(f"MACs of {name}", Decimal(flops), counts[1], unit="G")


@claim(
    "pvt-T2",
    "table 2",
    r"13.2,\ 24.5,\ 44.2,\ 61.4\ \mathrm{M};\quad 1.9,\ 3.8,\ 6.7,\ 9.8\ \mathrm{G}",
    "The four models of the code have the printed parameters and GFLOPs.",
    reading=PRINTED,
)
@fixed
def table_2() -> Iterator[Row]:
    """Count them."""
    for name, parameters, flops in TABLE_2:
        yield millions(name, parameters)
        yield billions(name, flops)


@claim(
    "pvt-ResNet",
    "section 3.4",
    r"|\theta(\text{PVT})| \approx |\theta(\text{ResNet})|",
    "Small, Medium and Large have about the parameters of ResNet-50, 101 and 152.",
    reading=About(0.05),
    expected="approximate",
)
@fixed
def resnets() -> Iterator[Row]:
    """Count both."""
    pairs = (("small", 50), ("medium", 101), ("large", 152))
    for size, depth in pairs:
        ours, theirs = ran(f"pvt-{size}").parameters, ran(f"resnet-{depth}").parameters
        yield Row(f"pvt-{size} and resnet-{depth}", ours, theirs)


CLAIMS = (
    depth_as_printed,
    table_2,
    resnets,
)
