"""The checklist for a terminal, at most 100 columns wide."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import zip_longest
from textwrap import fill, wrap

from minicvt.tables import table
from minicvt.verify.equations.claim import Claim
from minicvt.verify.equations.row import Row
from minicvt.verify.equations.verdict import Verdict
from minicvt.verify.equations.words import (
    EFFECTS,
    HEADERS,
    MEANINGS,
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
WIDTH = 100
RULE = "-" * WIDTH
ROWS = 40
"""Up to how many rows one claim shows in full."""
LEAST = 12
"""Columns that whether a row holds may always have."""


def checklist(found: Sequence[Judged]) -> str:
    """Lay all verdicts out, by paper, with what decided them."""
    parts = [legend()]
    for heading, group in by_paper(found).items():
        lines = [line for one in group for line in entry(one)]
        parts.append("\n".join([*wrap(heading, sum(WIDTHS)), RULE, *lines]))
    return "\n\n".join([*parts, tally(found)])


def legend() -> str:
    """Say what the verdicts mean, and what the empirical ones rest on."""
    lines = [
        "Each claim as the paper writes it, beside what came out of something run."
    ]
    for kind, meaning in MEANINGS.items():
        first, *more = wrap(meaning, WIDTH - WIDTHS[0] - 4)
        lines += [f"  {kind.ljust(WIDTHS[0])}{first}"]
        lines += [" " * (WIDTHS[0] + 2) + line for line in more]
    effects = fill(EFFECTS.replace("`", ""), WIDTH - 4)
    return "\n".join([*lines, *(f"  {line}" for line in effects.splitlines())])


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
    latex = fill(claim.latex, WIDTH - 2, break_on_hyphens=False)
    parts = [
        fill(f"{claim.id}: {summary(verdict.kind, verdict.conditions)}", WIDTH),
        fill(f"{claim.paper.title}, {claim.where}", WIDTH),
        fill(claim.says, WIDTH),
        "\n".join(f"  {line}" for line in latex.splitlines()),
        evidence(claim, rows),
    ]
    if len(rows) < len(verdict.rows):
        parts.append(f"{len(rows)} of {len(verdict.rows)} rows; --json has them all")
    return "\n\n".join([*parts, fill(claim.why, WIDTH)]).rstrip()


def evidence(claim: Claim, rows: Sequence[Row]) -> str:
    """Lay rows out; the last column, then the first, is folded to make it fit."""
    body = [cells(claim, row) for row in rows]
    columns = zip(*[HEADERS, *body], strict=True)
    first, *inner, last = (max(map(len, column)) for column in columns)
    room = WIDTH - sum(inner) - 2 * (len(HEADERS) - 1)
    last = min(last, max(LEAST, room - first))
    return table(
        HEADERS,
        [(fill(a, room - last), *rest, fill(z, last)) for a, *rest, z in body],
    )


def at_sizes(claims: Sequence[Claim], verdicts: Sequence[Verdict]) -> str:
    """Write both sides of each claim at a reader's own sizes."""
    parts = []
    for claim, verdict in zip(claims, verdicts, strict=True):
        rows = verdict.rows
        body = evidence(claim, rows) if rows else decisive(claim, verdict)[0]
        parts.append(f"{fill(f'{claim.id}: {claim.says}', WIDTH)}\n\n{body}")
    return "\n\n\n".join(parts)
