"""Verdicts in words: what decided them, in lines that every form of output shares."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from minicvt.verify.equations.claim import PAPERS, Claim
from minicvt.verify.equations.reading import About, Measured, error
from minicvt.verify.equations.row import Row
from minicvt.verify.equations.verdict import (
    APPROXIMATE,
    CONTRADICTED,
    EMPIRICAL,
    EXACT,
    IF,
    IFF,
    NOTHING,
    Verdict,
)

SHOWN, ALL = 4, 24
"""How many counter-examples are quoted, and of how many rows a table has all."""

MEANINGS = {
    EXACT: "both sides are equal at every size, to the last digit or, where a "
    "figure is quoted, to all that are printed",
    IFF: "they are equal where the conditions are met, and nowhere else",
    IF: "they are equal where the conditions are met, and at times elsewhere",
    APPROXIMATE: "they agree within the error that is given, and was allowed before",
    EMPIRICAL.format("..."): "runs of our own, with a 95 % interval: supported, open "
    "where it does not decide, contradicted, or not measured here",
    CONTRADICTED: "they differ where the claim says that they do not",
}

EFFECTS = """\
Empirical rows are differences of test accuracy in points, the first model less the
second, paired by seed, with 95 % t-intervals. The models are small and learn in seconds
to read digits (digits16), to tell which of two is larger (pair8), and to read one that
may lie anywhere (roam16). The worst of the three tasks decides, by a margin that was
fixed before the runs. `minicvt verify measure` trains them, and
`minicvt/verify/equations/measured.json` has every run. None of it is ImageNet, and
fifteen intervals are looked at without a correction for that."""


class Judged(NamedTuple):
    """A claim with its verdict, and whether that is the one on record."""

    claim: Claim
    verdict: Verdict
    changed: bool


def judge(claims: Iterable[Claim]) -> list[Judged]:
    """Compute every verdict over the sweep that the record is of."""
    verdicts = ((claim, claim.judged()) for claim in claims)
    return [Judged(claim, found, claim.changed(found)) for claim, found in verdicts]


def by_paper(found: Sequence[Judged]) -> dict[str, list[Judged]]:
    """Group by title of paper, with authors and number."""
    groups: dict[str, list[Judged]] = {}
    for one in found:
        groups.setdefault(title(one.claim), []).append(one)
    return groups


def title(claim: Claim) -> str:
    """Write which paper a claim is of."""
    paper = claim.paper
    return f"{paper.title} ({paper.authors}, arXiv {paper.arxiv})"


def decisive(claim: Claim, verdict: Verdict) -> list[str]:
    """Say what decided, a line each: counter-examples, the largest error, effects."""
    rows = verdict.rows
    if isinstance(claim.reading, Measured):
        return [
            f"{claim.reading.finding(row.right)}: {counted(row)}; claim: {row.left}"
            for row in rows
        ]
    if verdict.kind in (IFF, IF):
        against = [beside(claim, row) for row in verdict.against]
        names = [f"{text}; else " for text in verdict.conditions] or [""]
        return [name + line for name, line in zip(names, against, strict=True)]
    if verdict.kind == APPROXIMATE:
        worst = max((row for row in rows if not row.unmet), key=error)
        return [f"within {verdict.error:.3%}; at worst {beside(claim, worst)}"]
    if verdict.kind == CONTRADICTED:
        lines = [beside(claim, row) for row in verdict.against[:SHOWN]]
        count = f"{len(verdict.against)} of {len(rows)} rows differ"
        return lines + [count] * (len(verdict.against) > SHOWN)
    if verdict.kind == NOTHING:
        return ["needs an odd kernel, and a stride over 1"]
    start = f"{len(rows)} rows, as " if len(rows) > 1 else ""
    return [start + counted(rows[-1])]


def counted(row: Row) -> str:
    """Write what came out of a row."""
    return f"{row.at}: {row.sides()[1]}"


def beside(claim: Claim, row: Row) -> str:
    """Write what came out of a row, and what it should have been."""
    said, made = row.sides()
    if claim.reading.relation == "<":
        return f"{row.at}: {made}, which should be more than {said}"
    return f"{row.at}: {made}, not {said}"


def telling(verdict: Verdict) -> list[Row]:
    """Choose the rows for a table: all of a few, of many those that decide."""
    rows = verdict.rows
    if len(rows) <= ALL:
        return list(rows)
    met = [row for row in rows if not row.unmet]
    chosen = [*met[:2], *met[-1:], *verdict.against[:SHOWN]]
    for row in verdict.against:
        chosen += [one for one in rows if one.unmet and one.unmet == row.unmet][:3]
    return [row for row in rows if any(row is one for one in chosen)]


HEADERS = ("at", "claim", "counted", "holds")


def cells(claim: Claim, row: Row) -> tuple[str, ...]:
    """Lay a row out as cells under ``HEADERS``."""
    said, made = row.sides()
    if isinstance(claim.reading, Measured):
        return (row.at, said, made, claim.reading.finding(row.right))
    holds = "yes" if claim.reading.holds(row) else "no"
    if isinstance(claim.reading, About):
        holds += f", off by {error(row):.3%}"
    needs = f"; needs: {', '.join(row.unmet)}" if row.unmet else ""
    return (row.at, said, made, holds + needs)


def totals(found: Sequence[Judged]) -> dict[str, Counter[str]]:
    """Count the verdicts of each paper by kind, all empirical ones as one."""
    counts: dict[str, Counter[str]] = {paper: Counter() for paper in PAPERS}
    for one in found:
        kind = one.verdict.kind.partition(":")[0]
        counts[one.claim.id.split("-")[0]][kind] += 1
    return counts


def changes(found: Sequence[Judged]) -> list[str]:
    """Say which verdicts are not those on record."""
    return [
        f"{one.claim.id}: {summary(one.verdict.kind, one.verdict.conditions)}; "
        f"on record: {summary(one.claim.expected, one.claim.conditions)}"
        for one in found
        if one.changed
    ]


def summary(kind: str, conditions: Sequence[str]) -> str:
    """Write a verdict in a line."""
    return f"{kind}: {', '.join(conditions)}" if conditions else kind
