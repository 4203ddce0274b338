"""The checklist for a terminal, at most 100 columns wide."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import zip_longest
from textwrap import wrap

from minicvt.tables import table
from minicvt.verify.equations.claim import Claim
from minicvt.verify.equations.verdict import Verdict
from minicvt.verify.equations.words import (
    HEADERS,
    Judged,
    by_paper,
    cells,
    changes,
    decisive,
    summary,
    telling,
    totals,
)

WIDTHS = (18, 14, 64)
"""Of the id, the verdict and the words."""
RULE = "-" * 100
ROWS = 40
"""Up to how many rows one claim shows in full."""


def checklist(found: Sequence[Judged]) -> str:
    """Lay all verdicts out, by paper, with what decided them."""
    parts = []
    for heading, group in by_paper(found).items():
        lines = [line for one in group for line in entry(one)]
        parts.append("\n".join([*wrap(heading, sum(WIDTHS)), RULE, *lines]))
    return "\n\n".join([*parts, tally(found)])


def entry(one: Judged) -> Iterator[str]:
    """Write one claim in three columns."""
    kind = f"{one.verdict.kind}{' CHANGED' if one.changed else ''}"
    words = wrap(one.claim.says, WIDTHS[2])
    for line in decisive(one.claim, one.verdict):
        words += wrap(f"- {line}", WIDTHS[2], subsequent_indent="  ")
    columns = ([one.claim.id], wrap(kind, WIDTHS[1]), words)
    for parts in zip_longest(*columns, fillvalue=""):
        text = (part.ljust(width) for part, width in zip(parts, WIDTHS, strict=True))
        yield "  ".join(text).rstrip()


def tally(found: Sequence[Judged]) -> str:
    """Count the verdicts, and list those that are not on record."""
    counts = totals(found)
    kinds = dict.fromkeys(kind for count in counts.values() for kind in count)
    counts["all"] = sum(counts.values(), Counter())
    rows = [
        (paper, *(count[kind] for kind in kinds), count.total())
        for paper, count in counts.items()
        if count
    ]
    lines = table(("paper", *kinds, "claims"), rows)
    changed = changes(found)
    end = f"{len(changed) or 'none'} of {len(found)} verdicts changed"
    return "\n".join([lines, "", end, *changed])


def full(claim: Claim, verdict: Verdict) -> str:
    """Write everything about one claim, its evidence among it."""
    rows = list(verdict.rows) if len(verdict.rows) <= ROWS else telling(verdict)
    parts = [
        f"{claim.id}: {summary(verdict.kind, verdict.conditions)}",
        f"{claim.paper.title}, {claim.where}",
        claim.says,
        f"  {claim.latex}",
        table(HEADERS, [cells(claim, row) for row in rows]),
    ]
    if len(rows) < len(verdict.rows):
        parts.append(f"{len(rows)} of {len(verdict.rows)} rows; --json has them all")
    return "\n\n".join([*parts, "\n".join(wrap(claim.why, len(RULE)))]).rstrip()


def at_sizes(claims: Sequence[Claim], verdicts: Sequence[Verdict]) -> str:
    """Write both sides of each claim at a reader's own sizes."""
    parts = []
    for claim, verdict in zip(claims, verdicts, strict=True):
        rows = [cells(claim, row) for row in verdict.rows]
        body = table(HEADERS, rows) if rows else decisive(claim, verdict)[0]
        parts.append(f"{claim.id}: {claim.says}\n\n{body}")
    return "\n\n\n".join(parts)
