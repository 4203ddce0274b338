"""What came of comparisons, as rows and for programs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from minicvt.bench.cases import Bar
from minicvt.bench.chapters import BYTES
from minicvt.bench.comparing import Outcome
from minicvt.bench.known import PEERS
from minicvt.bench.ratios import FEWEST

HEADERS = ("", "against", "ours / theirs", "ours", "theirs", "must", "aim", "met")
MIB = 2**20
AIM, MUST, NO, VAGUE = "aim", "must", "no", "cannot be said"
MEANS = (
    "Bars are ratios to stay under: what must be, and the aim. The last column names "
    'the better of the two that the median meets, or "no"; where the median means '
    "nothing the largest ratio of all rounds has to meet it. Bars are about two "
    "threads."
)


def rows(outcomes: Iterable[Outcome]) -> list[tuple[Any, ...]]:
    """Return a row an outcome, under ``HEADERS``; none for who is not there."""
    return [_row(outcome) for outcome in outcomes if not outcome.absent]


def _row(outcome: Outcome) -> tuple[Any, ...]:
    name, against = outcome.case.name, PEERS[outcome.against].name
    ratio, medians = outcome.ratio, outcome.medians
    if ratio is None or medians is None:
        return (name, against, "none", *[""] * 5)
    ours, theirs = (said(value, outcome.quantity) for value in medians)
    return name, against, str(ratio), ours, theirs, *limits(outcome.bar), met(outcome)


def limits(bar: Bar | None) -> tuple[str, str]:
    """Write what must be, and the aim, as far as there are any."""
    must = f"{bar.must:.2f}" if bar and bar.must else ""
    return must, f"{bar.aim:.2f}" if bar else ""


def said(value: float, quantity: str) -> str:
    """Write seconds or bytes."""
    if quantity == BYTES:
        return f"{value / MIB:,.0f} MiB"
    return f"{value:,.2f} s" if value >= 1 else f"{value * 1e3:.3g} ms"


def met(outcome: Outcome) -> str:
    """Say which bar is met: the aim, what must be, or neither.

    By the median; where that means nothing, by the largest ratio of all rounds.
    """
    bar, ratio = outcome.bar, outcome.ratio
    if bar is None or ratio is None:
        return ""
    vague = bool(ratio.meaningless)
    value = ratio.most if vague else ratio.median
    if ratio.rounds >= FEWEST and value <= bar.aim:
        return AIM
    if ratio.rounds >= FEWEST and bar.must is not None and value <= bar.must:
        return MUST
    return VAGUE if vague else NO


def notes(outcomes: Iterable[Outcome]) -> list[str]:
    """Return why there is no ratio, a line a reason, for those that have none."""
    reasons: dict[str, list[str]] = {}
    for outcome in outcomes:
        if outcome.absent:
            reasons[outcome.absent] = [f"Not beside {PEERS[outcome.against].name}"]
        elif outcome.failed:
            reasons.setdefault(outcome.failed, []).append(outcome.case.name)
    return [f"{'; '.join(names)}: {reason}." for reason, names in reasons.items()]


def plain(outcome: Outcome) -> dict[str, Any]:
    """Return everything that was measured, for JSON."""
    pair, ratio = outcome.pair, outcome.ratio
    told: dict[str, Any] = {
        "case": outcome.case.name,
        "options": dict(outcome.case.options),
        "against": outcome.against,
        "threads": outcome.threads,
        "quantity": outcome.quantity,
        "failed": outcome.absent or outcome.failed,
        "bar": outcome.bar and asdict(outcome.bar),
        "met": met(outcome),
    }
    if pair and ratio:
        told["ratio"] = asdict(ratio) | {"meaningless": ratio.meaningless}
        told |= {"ours": pair.ours, "theirs": pair.theirs, "told": pair.told}
    return told


def versions(outcomes: Iterable[Outcome]) -> str:
    """Say the versions of everybody who took part."""
    told = [side for x in outcomes if x.pair for side in x.pair.told]
    found = {k: v for side in told for k, v in side["versions"].items()}
    return ", ".join(f"{name} {number}" for name, number in found.items())
