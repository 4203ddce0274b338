"""The checklist as a Markdown page, with mathematics as GitHub renders it."""

from __future__ import annotations

from collections.abc import Sequence

from minicvt.tables import markdown
from minicvt.verify.equations.verdict import APPROXIMATE, IF, IFF
from minicvt.verify.equations.words import (
    EFFECTS,
    HEADERS,
    MEANINGS,
    Judged,
    by_paper,
    cells,
    decisive,
    summary,
    telling,
)

INTRODUCTION = """\
# What the papers claim, and what is so

Equations and figures of CvT and its relatives, each evaluated twice: as the paper
writes it, and by running the model, the layer or the operation that it is about. Most
is counted by shapes alone, so that all of it takes seconds. One MAC is a multiply-add
of a convolution, a linear map or one of attention's two products. `minicvt verify
equations` writes this page (`--markdown`), and fails when a verdict is no longer the
one on record; `--claim cvt-E8` shows the rows of one claim, `--kernel 5 --stride 3
--map 13x9` both sides at sizes of your own."""


def page(found: Sequence[Judged]) -> str:
    """Write all claims with their evidence, by paper."""
    meanings = [f"- **{kind}**: {meaning}." for kind, meaning in MEANINGS.items()]
    parts = [INTRODUCTION, "\n".join(meanings), EFFECTS]
    for heading, group in by_paper(found).items():
        rows = [(link(one), one.verdict.kind, one.claim.says) for one in group]
        parts += [f"## {heading}", markdown(("claim", "verdict", "says"), rows)]
        parts += [section(one) for one in group]
    return "\n\n".join(parts)


def link(one: Judged) -> str:
    """Link to a claim's section, by the anchor that GitHub gives it."""
    return f"[{one.claim.id}](#{one.claim.id.lower()})"


def section(one: Judged) -> str:
    """Write one claim."""
    claim, verdict = one.claim, one.verdict
    rows = telling(verdict)
    parts = [
        f"### {claim.id}",
        f"{claim.says} ({claim.where})",
        f"$$\n{claim.latex}\n$$",
        f"**{summary(verdict.kind, verdict.conditions)}**",
    ]
    if verdict.kind in (IFF, IF, APPROXIMATE):
        lines = [f"- {line}" for line in decisive(claim, verdict)]
        parts.append("\n".join(lines))
    if rows:
        parts.append(markdown(HEADERS, [cells(claim, row) for row in rows]))
    if len(rows) < len(verdict.rows):
        parts.append(f"{len(rows)} of {len(verdict.rows)} rows.")
    return "\n\n".join(part for part in [*parts, claim.why] if part)
