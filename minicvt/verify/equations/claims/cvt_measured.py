"""CvT's empirical claims: accuracies, in runs of our own on tasks that take seconds.

The margin was stated before the runs. Nothing here is ImageNet: a claim that holds on
three small tasks may fail there, and the other way round. Fifteen intervals are
looked at, without a correction for that.
"""

from __future__ import annotations

from collections.abc import Iterator

from minicvt.train.seeds import interval
from minicvt.verify.equations.arms import TASKS
from minicvt.verify.equations.claim import Claim, Evidence, claim, fixed
from minicvt.verify.equations.kept import shipped
from minicvt.verify.equations.reading import Effect, Gain, NoLoss
from minicvt.verify.equations.row import Row

MARGIN = 1.0
"""Points of accuracy below which a loss counts as none."""


def effects(arm: str, other: str, said: str) -> Evidence:
    """Make evidence of the differences between two arms, a task a row."""

    def rows() -> Iterator[Row]:
        for task in TASKS:
            pairs = shipped().pairs(task, arm, other)
            mean, half = interval(pairs)
            effect = Effect(mean, mean - half, mean + half, len(pairs))
            yield Row(f"{task}: ({arm}) - ({other})", said, effect)

    return fixed(rows)


NONE_LOST, GAINED = f"> -{MARGIN:g}", "> 0"
positions = Claim(
    "cvt-E10",
    "sections 3.3 and 4.4, table 5",
    r"\mathrm{acc}(\text{no positions}) \geq \mathrm{acc}(\text{positions})",
    "Dropping the position embedding does not hurt CvT.",
    effects("cvt", "cvt, positions", NONE_LOST),
    NoLoss(MARGIN),
    expected="empirical: open",
    why=f"A loss of {MARGIN:g} point was called none before the runs. An interval that "
    "reaches further is open: a wide interval is not equivalence.",
)
vit_positions = Claim(
    "cvt-T5",
    "section 4.4, table 5",
    r"\mathrm{acc}(\text{positions}) > \mathrm{acc}(\text{no positions})",
    "Dropping it does hurt DeiT.",
    effects("vit", "vit, no positions", GAINED),
    Gain(),
    expected="empirical: open",
    why="Read of a small ViT, which is a DeiT but for its training. On pair8 a ViT "
    "without positions can only guess: swapping the halves swaps the label. On roam16, "
    "where a digit may lie anywhere, to know the place need not help.",
)
embedding = Claim(
    "cvt-T6",
    "section 4.4, table 6",
    r"\mathrm{acc}(\text{conv. embedding}) > \mathrm{acc}(\text{patches})",
    "Convolutional token embedding is better than patches.",
    effects("cvt", "cvt, patches", GAINED),
    Gain(),
    expected="empirical: open",
)
projection = Claim(
    "cvt-T8",
    "section 4.4, table 8",
    r"\mathrm{acc}(\text{conv. projection}) > \mathrm{acc}(\text{linear})",
    "Convolutional projections are better than linear ones.",
    effects("cvt, K/V stride 1", "cvt, linear", GAINED),
    Gain(),
    expected="empirical: supported",
    why="Compared with every key on both sides: linear projections have no stride.",
)
stride = Claim(
    "cvt-T7-accuracy",
    "sections 3.2.2 and 4.4, table 7",
    r"\mathrm{acc}(t = 2) \approx \mathrm{acc}(t = 1)",
    "Stride 2 of keys and values comes with a minimal performance penalty.",
    effects("cvt", "cvt, K/V stride 1", NONE_LOST),
    NoLoss(MARGIN),
    expected="empirical: contradicted",
    why="It depends on the task: where the place of small things matters and changes, "
    "as on roam16, skipping three keys of four costs a lot.",
)


@claim(
    "cvt-T3",
    "tables 3 and 4",
    r"81.6,\ 82.5,\ 87.7",
    "CvT reaches the printed accuracies on ImageNet and the downstream tasks.",
    reading=Gain(),
    expected="empirical: not measured here",
    why="No ImageNet is trained on here.",
)
@fixed
def imagenet() -> Iterator[Row]:
    """Have no runs to show."""
    return iter(())


CLAIMS = (
    positions,
    vit_positions,
    embedding,
    projection,
    stride,
    imagenet,
)
