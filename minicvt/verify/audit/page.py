"""The kill table, as a page: what each kind of check catches, and then every bug."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from minicvt.tables import markdown
from minicvt.verify.audit import rows
from minicvt.verify.audit.checks import CHECKS
from minicvt.verify.audit.equivalents import largest_difference, reason
from minicvt.verify.audit.totals import (
    ALL_CHECKS,
    KINDS,
    OURS,
    Outcome,
    family,
    kind,
    share,
)
from minicvt.verify.audit.trial import CALLS, ENGINE_CALLS, Trial
from minicvt.verify.audit.words import (
    ALARMS,
    CAUGHT,
    FAMILIES,
    FIRST,
    HAND,
    MECHANICAL,
    MISSED,
    NOTHING,
    SURVIVORS,
    TOP,
)

Alarms = Mapping[str, tuple[int, int]]
"""For each check, runs of right code, and how often it complained."""


def page(found: Outcome, alarms: Alarms) -> str:
    """Write it."""
    by_hand = [trial for trial in found.bugs if trial.mutant.by_hand]
    mechanical = [trial for trial in found.bugs if not trial.mutant.by_hand]
    pullbacks = [trial for trial in by_hand if kind(trial.mutant) == "by hand"]
    seen = len(found.bugs) - len(found.survivors)
    sections = [
        TOP.format(bugs=len(found.bugs), by_hand=len(by_hand), seen=seen),
        CAUGHT.format(calls=CALLS, engine_calls=ENGINE_CALLS),
        markdown(*totals(found.bugs)),
        _listed(KINDS),
        _listed({name: check.says for name, check in ALL_CHECKS.items()}),
        MISSED,
        FIRST.format(calls=CALLS),
        _by_calls(pullbacks),
        ALARMS,
        _alarms(alarms),
        FAMILIES,
        _families(by_hand),
        HAND,
        *_hand(by_hand),
        MECHANICAL.format(raising=len(found.raising)),
        *_mechanical(mechanical),
        NOTHING.format(count=len(found.equivalent)),
        _nothing(found.equivalent),
    ]
    if found.survivors:
        sections += [SURVIVORS, rows.by_hand(found.survivors)]
    return "\n\n".join(sections) + "\n"


def totals(bugs: Sequence[Trial]) -> tuple[list[str], list[list[str]]]:
    """Return how many percent of each kind of bug each check catches, as a table."""
    every = [(name, [t for t in bugs if kind(t.mutant) == name]) for name in KINDS]
    kinds = [(name, some) for name, some in every if some]
    head = ["check", *(f"{name} ({len(some):,})" for name, some in kinds)]
    checks = {name: [name] for name in ALL_CHECKS} | {"our suite": OURS}
    return head, [
        [name, *(share(some, those) for _, some in kinds)]
        for name, those in checks.items()
    ]


def _listed(words: Mapping[str, str]) -> str:
    return "\n".join(f"- **{name}**: {says}." for name, says in words.items())


def _by_calls(bugs: Sequence[Trial]) -> str:
    counts = (1, 5, CALLS)
    table = [
        [name, *(share(bugs, [name], calls) for calls in counts)]
        for name, check in ALL_CHECKS.items()
        if not check.once
    ]
    return markdown(["check", *(f"call {n}" for n in counts)], table)


def _alarms(alarms: Alarms) -> str:
    return markdown(["check", "runs", "alarms"], [[k, *v] for k, v in alarms.items()])


def _families(bugs: Sequence[Trial]) -> str:
    families = rows.grouped(bugs, lambda trial: family(trial.mutant))
    checks = {**{name: [name] for name in CHECKS}, "our suite": OURS}
    table = [
        [name, len(some), *(share(some, those) for those in checks.values())]
        for name, some in families
    ]
    return markdown(["family", "bugs", *checks], table)


def _hand(bugs: Sequence[Trial]) -> list[str]:
    families = rows.grouped(bugs, lambda trial: family(trial.mutant))
    return [
        f"### {name.capitalize()}\n\n{rows.by_hand(some)}" for name, some in families
    ]


def _mechanical(bugs: Sequence[Trial]) -> list[str]:
    places = rows.grouped(bugs, lambda t: f"`{t.mutant.module}` `{t.mutant.function}`")
    return [f"### {place}\n\n{rows.by_line(some)}" for place, some in places]


def _nothing(edits: Sequence[Trial]) -> str:
    head = ["function", "the line, edited", "why it changes nothing", "difference"]
    return markdown(head, map(_nothing_row, edits))


def _nothing_row(trial: Trial) -> list[str]:
    mutant = trial.mutant
    largest = largest_difference(mutant)
    difference = f"{largest:.0e}" if largest else "not a bit"
    places = [rows.code(mutant.function), rows.code(mutant.edited)]
    return [*places, str(reason(mutant)), difference]
