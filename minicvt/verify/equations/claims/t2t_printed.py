"""Tables of T2T-ViT against what is counted."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction

from minicvt.verify.equations.claim import claim, fixed
from minicvt.verify.equations.claims.counting import billions, millions
from minicvt.verify.equations.pieces import ran
from minicvt.verify.equations.reading import PRINTED
from minicvt.verify.equations.row import Row


@claim(
    "t2t-T1-7",
    "table 1",
    r"L = 8,\ |\theta| = 4.2\ \mathrm{M}",
    "T2T-ViT-7 has 8 layers and 4.2M parameters.",
    reading=PRINTED,
    expected="contradicted",
    why="The code has 7 layers. Table 4 prints the 4.3M that they have.",
)
@fixed
def seven() -> Iterator[Row]:
    """Count it with 8 layers and with 7."""
    for depth in (8, 7):
        made = Fraction(ran("t2t-7", depths=(depth,)).parameters, 10**6)
        yield Row(f"parameters of {depth} layers", Decimal("4.2"), made, unit="M")


@claim(
    "t2t-T1",
    "tables 1 to 3",
    r"21.5,\ 39.2,\ 64.1\ \mathrm{M};\quad 4.8,\ 8.5,\ 13.8\ \mathrm{G}",
    "T2T-ViT-14, 19 and 24, and ViT beside them, have the printed costs.",
    reading=PRINTED,
    expected="contradicted",
    why="Of T2T-ViT all fit but some MACs, frozen tables counted as parameters. "
    "Table 1 also has a ViT-B of 786 channels, where 768 is meant.",
)
@fixed
def table_1() -> Iterator[Row]:
    """Count them, with performers and with transformers."""
    printed = (
        ("t2t-14", "21.5", "4.8"),
        ("t2t-19", "39.2", "8.5"),
        ("t2t-24", "64.1", "13.8"),
        ("t2t-t-14", "21.5", "6.1"),
        ("t2t-t-19", "39.2", "9.8"),
        ("t2t-t-24", "64.1", "15.0"),
        ("vit-b16", "86.8", "17.6"),
        ("vit-l16", "304.3", "63.6"),
    )
    for name, parameters, macs in printed:
        yield millions(name, parameters)
        yield billions(name, macs)
    yield billions("t2t-14", "17.1", 384)


@claim(
    "t2t-ViT",
    "section 3.3",
    r"|\theta(\text{ViT-B/16})| = 3|\theta(\text{T2T-ViT-14})|",
    "ViT-B/16 is 3x larger than T2T-ViT-14 in parameters and MACs.",
    reading=PRINTED,
    expected="contradicted",
)
@fixed
def three_times() -> Iterator[Row]:
    """Count both."""
    vit, t2t = ran("vit-b16"), ran("t2t-14")
    ratio = Fraction(vit.parameters, t2t.parameters)
    yield Row("parameters", Decimal("3"), ratio, unit="x")
    yield Row("MACs", Decimal("3"), Fraction(vit.macs, t2t.macs), unit="x")


CLAIMS = (
    seven,
    table_1,
    three_times,
)
