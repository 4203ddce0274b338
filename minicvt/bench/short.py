"""Which bars are met: those of all chapters in one table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from minicvt.bench.cases import Bar
from minicvt.bench.comparing import Outcome
from minicvt.bench.known import PEERS
from minicvt.bench.page import Page
from minicvt.bench.writing import AIM, MUST, NO, VAGUE, limits, met

TITLE = "Which bars are met"
HEADERS = ("chapter", "of", "against", "measured", "must", "aim", "met")
MEANS = "A bar has a must and, better, an aim."
FEW = 4
"""Comparisons held to one bar of which each has its row, not the worst alone."""
NOT = "not measured"
SAYS = {
    AIM: "aim met",
    MUST: "must met, the aim not",
    VAGUE: "cannot be said, the measurements lie too far apart",
    NO: "not met",
    NOT: NOT,
}
"""What can come of a bar, best first."""


@dataclass(frozen=True)
class Short:
    """A bar, what was measured, and how often that is within it."""

    name: str
    against: str
    measured: str
    must: str
    aim: str
    met: Mapping[str, int]

    def row(self) -> tuple[str, ...]:
        """Return a row under ``HEADERS``, but for the chapter."""
        found = [f"{said}: {count}" for said, count in self.met.items()]
        said = ", ".join(found if len(found) > 1 else self.met)
        return self.name, self.against, self.measured, self.must, self.aim, said


def shorts(outcomes: Iterable[Outcome]) -> Iterator[Short]:
    """Yield every bar of a chapter; of one that many are held to, the worst of them."""
    groups: dict[tuple[str, Bar], list[Outcome]] = {}
    for outcome in outcomes:
        if outcome.bar:
            groups.setdefault((outcome.against, outcome.bar), []).append(outcome)
    for many in groups.values():
        many.sort(key=_badness)
        for some in [many] if len(many) > FEW else [[one] for one in many]:
            yield _short(some)


def _badness(outcome: Outcome) -> tuple[int, float]:
    ratio = outcome.ratio
    return [*SAYS].index(_met(outcome)), ratio.median if ratio else 0.0


def _met(outcome: Outcome) -> str:
    return met(outcome) or NOT


def _short(many: Sequence[Outcome]) -> Short:
    """Sum up what is held to one bar, the worst last."""
    worst = many[-1]
    of = f", the worst of {len(many)}" if len(many) > 1 else ""
    return Short(
        worst.case.name + of,
        PEERS[worst.against].name,
        str(worst.ratio or ""),
        *limits(worst.bar),
        Counter(map(_met, many)),
    )


def tell(page: Page, found: Mapping[str, Sequence[Short]]) -> None:
    """Say how many bars are met, then which, chapter by chapter."""
    total: Counter[str] = Counter()
    for short in (short for chapter in found.values() for short in chapter):
        total.update(short.met)
    if not total:
        return
    page.title(TITLE)
    said = [f"{words}: {total[name]}" for name, words in SAYS.items() if total[name]]
    page.say(f"{MEANS} Bars: {total.total()}; {'; '.join(said)}.")
    page.table(
        HEADERS,
        [(word, *short.row()) for word, many in found.items() for short in many],
    )
