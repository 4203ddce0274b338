"""CvT's text against its own tables: nothing to count, only to subtract."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from minicvt.verify.equations.claim import claim, fixed
from minicvt.verify.equations.reading import LESS
from minicvt.verify.equations.row import Row

DIFFERENCES = (
    ("4.2: CvT-21 over DeiT-B, table 3", "0.5", "82.5", "81.8"),
    ("4.2: CvT-13 over PVT-Small, table 3", "1.7", "81.6", "79.8"),
    ("4.2: CvT-13 over T2T-ViT_t-14, table 3", "0.8", "81.6", "80.7"),
    ("4.2: CvT-13 over TNT-S, table 3", "0.2", "81.6", "81.3"),
    ("4.2: CvT-13 over ResNet-152, table 3", "3.2", "81.6", "78.3"),
    ("4.2: CvT-W24 over ViT-L/16, table 3", "2.5", "87.7", "85.2"),
    ("4.4: DeiT-S loses without positions, table 5", "1.8", "79.8", "78.0"),
    ("4.4: convolutional embedding, table 6 d over a", "0.8", "81.6", "80.7"),
    ("4.4: the same with positions, table 6 c over b", "0.3", "81.4", "81.1"),
    ("4.4: positions on top of it lose, table 6 d over c", "0.1", "81.6", "81.4"),
    ("4.4: K/V stride 2 loses, table 7 a over b", "0.3", "82.3", "81.6"),
)
"""Where, what the text says, and the two accuracies of the table."""


@claim(
    "cvt-text",
    "sections 4.2 and 4.4",
    r"\Delta_{\text{text}} = \Delta_{\text{table}}",
    "Differences in accuracy that the text quotes are those of its tables.",
    expected="contradicted",
    why="Most of them fit a CvT-13 with 81.5 instead of 81.6: perhaps the text was "
    "written before a last run. Accuracies are quoted, not measured here.",
)
@fixed
def differences() -> Iterator[Row]:
    """Subtract what the tables print."""
    for where, said, ours, theirs in DIFFERENCES:
        yield Row(where, Decimal(said), Decimal(ours) - Decimal(theirs), unit="points")
    at = "4.4: with convolutional projections, table 8 d"
    yield Row(at, Decimal("81.5"), Decimal("81.6"), unit="%")


@claim(
    "cvt-text-best",
    "section 4.3 and table 4",
    r"\text{acc}(\text{CvT-W24}) > \text{acc}(\cdot)",
    "CvT-W24 is best across all downstream tasks.",
    reading=LESS,
    expected="contradicted",
    why="On Pets ViT-H/16 is, in bold in the table.",
)
@fixed
def best() -> Iterator[Row]:
    """Compare it with the best of the others, as table 4 prints them."""
    best_others = (
        ("CIFAR-10", "99.27", "99.39"),
        ("CIFAR-100", "93.82", "94.09"),
        ("Pets", "94.82", "94.73"),
        ("Flowers-102", "99.62", "99.72"),
    )
    for task, others, ours in best_others:
        yield Row(f"{task}, best other", Decimal(others), Decimal(ours), unit="%")


@claim(
    "cvt-text-lr",
    "section 4.1, training",
    r"\eta = 0.02",
    "The initial learning rate is 0.02 at a total batch of 2048.",
    expected="contradicted",
    why="The released configurations have 0.00025 for 256 images (CvT-13) and 0.000125 "
    "for 128 (CvT-21, W24), times the number of GPUs.",
)
@fixed
def learning_rate() -> Iterator[Row]:
    """Scale what the released configurations have."""
    for name, rate, images in (("13", "0.00025", 256), ("21, W24", "0.000125", 128)):
        scaled = (Decimal(rate) * 2048 / images).normalize()
        yield Row(f"released CvT-{name}", Decimal("0.02"), scaled)


CLAIMS = (differences, best, learning_rate)
