"""The kill table, as a page: what each kind of check catches, and then every bug.

Mechanical bugs, of which there are many, are listed on a page of their own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from minicvt.tables import markdown
from minicvt.verify.audit import blind, rows, shares, words
from minicvt.verify.audit.equivalents import CALLS as COMPARED
from minicvt.verify.audit.equivalents import ROUNDING, largest_difference, reason
from minicvt.verify.audit.totals import (
    ALL_CHECKS,
    KINDS,
    Outcome,
    family,
    kind,
    own_bugs,
)
from minicvt.verify.audit.trial import CALLS, ENGINE_CALLS, Trial

Alarms = Mapping[str, tuple[int, int]]
"""For each check, runs of right code, and how often it complained."""


def page(found: Outcome, alarms: Alarms, mechanical: str) -> str:
    """Write it; ``mechanical`` is where the other page is."""
    by_hand = [trial for trial in found.bugs if trial.mutant.by_hand]
    sites = [trial for trial in found.bugs if not trial.mutant.by_hand]
    pullbacks = [trial for trial in by_hand if kind(trial.mutant) == "by hand"]
    raising = len(found.raising)
    unseen = sum(blind.passes(trial, blind.DIFFERENCES) for trial in by_hand)
    sections = [
        _top(found, by_hand, alarms, mechanical),
        words.CAUGHT.format(calls=CALLS, engine_calls=ENGINE_CALLS),
        markdown(*shares.totals(found.bugs)),
        _listed(KINDS),
        _listed({name: check.says for name, check in ALL_CHECKS.items()}),
        words.MISSED.format(by_hand=len(by_hand), unseen=unseen),
        _blind(by_hand),
        words.FIRST.format(calls=CALLS),
        shares.by_calls(pullbacks),
        words.FAMILIES,
        shares.by_group("family", pullbacks, lambda trial: family(trial.mutant)),
        words.ALARMS,
        markdown(["check", "runs", "alarms"], [[k, *v] for k, v in alarms.items()]),
        words.HAND,
        *_by_hand(by_hand),
        words.MECHANICAL.format(raising=raising, mechanical=mechanical),
        rows.folded("by function", shares.by_group("function", sites, place)),
        words.NOTHING.format(count=len(found.equivalent), calls=COMPARED),
        *_nothing(found.equivalent),
    ]
    if found.survivors:
        sections += [words.SURVIVORS, rows.by_hand(found.survivors)]
    return "\n\n".join(sections) + "\n"


def listing(found: Outcome, main: str) -> str:
    """Write the page of mechanical bugs; ``main`` is where the other is."""
    sites = [trial for trial in found.bugs if not trial.mutant.by_hand]
    sections = [
        f"## {function}\n\n{rows.by_line(some)}"
        for function, some in rows.grouped(sites, place)
    ]
    return "\n\n".join([words.LISTING.format(page=main), *sections]) + "\n"


def place(trial: Trial) -> str:
    """Name the function of a mutant, and where it is."""
    mutant = trial.mutant
    return f"`{mutant.module.removeprefix('minicvt.')}` `{mutant.function}`"


def _top(
    found: Outcome, by_hand: Sequence[Trial], alarms: Alarms, mechanical: str
) -> str:
    own = own_bugs(trial.mutant for trial in by_hand)
    return words.TOP.format(
        bugs=len(found.bugs),
        seen=len(found.bugs) - len(found.survivors),
        by_hand=len(by_hand),
        engine=sum(kind(trial.mutant) == "engine" for trial in by_hand),
        least=min(own.values()),
        operations=len(own),
        runs=sum(runs for runs, _ in alarms.values()),
        alarms=sum(complaints for _, complaints in alarms.values()),
        calls=CALLS,
        mechanical=mechanical,
    )


def _listed(says: Mapping[str, str]) -> str:
    return "\n".join(f"- **{name}**: {what}." for name, what in says.items())


def _blind(bugs: Sequence[Trial]) -> str:
    head = ["who", "sees nothing, because", "bugs", "for example"]
    return markdown(
        head,
        [
            [spot.whose, spot.why, len(some), _example(some)]
            for spot, some in blind.spots(bugs)
        ],
    )


def _example(bugs: Sequence[Trial]) -> str:
    if not bugs:
        return ""
    mutant = bugs[0].mutant
    return f"{rows.code(mutant.function)}, {mutant.says}: {rows.edit(bugs[0])}"


def _by_hand(bugs: Sequence[Trial]) -> list[str]:
    families = rows.grouped(bugs, lambda trial: family(trial.mutant))
    return [
        rows.folded(f"{name}: {len(some)} bugs", rows.by_hand(some))
        for name, some in families
    ]


def _nothing(edits: Sequence[Trial]) -> list[str]:
    reasons = rows.grouped(edits, lambda trial: str(reason(trial.mutant)))
    return [
        rows.folded(
            f"{why} ({len(some)})",
            markdown(["function", "the line, edited", "apart"], map(_apart, some)),
        )
        for why, some in reasons
    ]


def _apart(trial: Trial) -> list[str]:
    difference = largest_difference(trial.mutant)
    how_far = f"below {ROUNDING:.0e}" if difference else "not a bit"
    mutant = trial.mutant
    return [rows.code(mutant.function), rows.code(mutant.edited), how_far]
