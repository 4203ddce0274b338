"""A claim of a paper, and what a row of its evidence is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from minicvt import kernels
from minicvt.errors import unknown
from minicvt.verify.equations.reading import EQUAL, Reading
from minicvt.verify.equations.row import Row
from minicvt.verify.equations.sweep import DEFAULT, Sweep
from minicvt.verify.equations.verdict import Verdict


class Paper(NamedTuple):
    """Where claims stand."""

    title: str
    authors: str
    arxiv: str


PAPERS = {
    "cvt": Paper(
        "CvT: Introducing Convolutions to Vision Transformers",
        "Wu et al. 2021",
        "2103.15808",
    ),
    "vit": Paper(
        "ViT: An Image is Worth 16x16 Words", "Dosovitskiy et al. 2020", "2010.11929"
    ),
    "pvt": Paper("PVT: Pyramid Vision Transformer", "Wang et al. 2021", "2102.12122"),
    "t2t": Paper("T2T-ViT: Tokens-to-Token ViT", "Yuan et al. 2021", "2101.11986"),
    "cmt": Paper(
        "CMT: Convolutional Neural Networks Meet Vision Transformers",
        "Guo et al. 2021",
        "2107.06263",
    ),
    "ceit": Paper(
        "CeiT: Incorporating Convolution Designs into Visual Transformers",
        "Yuan et al. 2021",
        "2103.11816",
    ),
}
Evidence = Callable[[Sweep], Iterable[Row]]


@dataclass(frozen=True)
class Claim:
    """One thing that a paper says, and how to find out.

    ``evidence`` evaluates both sides over a sweep of sizes, from code that has
    nothing to do with each other: the paper's formula, and something that ran.
    ``reading`` says what it takes for a row to hold. ``expected`` and ``conditions``
    record the verdict; one that comes out differently has changed. ``why`` explains
    it in words. Claims that are not ``sized`` are about whole models.
    """

    id: str
    where: str
    latex: str
    says: str
    evidence: Evidence
    reading: Reading = EQUAL
    expected: str = "exact"
    conditions: tuple[str, ...] = ()
    why: str = ""
    sized: bool = False

    @property
    def paper(self) -> Paper:
        """The paper, after the first part of the id."""
        return PAPERS[self.id.split("-")[0]]

    def judged(self, sweep: Sweep = DEFAULT) -> Verdict:
        """Compute the verdict over ``sweep``, with the bodies that need no compiler."""
        with kernels.use("numpy"):
            return self.reading.verdict(tuple(self.evidence(sweep)))

    def changed(self, verdict: Verdict) -> bool:
        """Whether ``verdict`` is another than the one on record."""
        found = (verdict.kind, set(verdict.conditions))
        return found != (self.expected, set(self.conditions))


def claim(id: str, where: str, latex: str, says: str, **record: Any) -> Any:
    """Make a claim of the function that follows, which is its evidence."""
    return lambda evidence: Claim(id, where, latex, says, evidence, **record)


def fixed(rows: Callable[[], Iterable[Row]]) -> Evidence:
    """Make evidence of rows about whole models, which no size changes."""
    return lambda _: rows()


def chosen(claims: Sequence[Claim], name: str) -> Claim:
    """Look up a claim by id; raises ``UnknownName``."""
    known = {claim.id: claim for claim in claims}
    if name not in known:
        raise unknown("claim", name, known)
    return known[name]
