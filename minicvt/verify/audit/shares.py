"""How many percent of some bugs each check catches, as tables."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from minicvt.tables import markdown
from minicvt.verify.audit.checks import CHECKS
from minicvt.verify.audit.rows import grouped
from minicvt.verify.audit.totals import ALL_CHECKS, KINDS, OURS, kind
from minicvt.verify.audit.trial import CALLS, Trial


def totals(bugs: Sequence[Trial]) -> tuple[list[str], list[list[str]]]:
    """Return the table of all checks by kinds of bug: its head and its rows."""
    every = [(name, [t for t in bugs if kind(t.mutant) == name]) for name in KINDS]
    kinds = [(name, some) for name, some in every if some]
    head = ["check", *(f"{name} ({len(some):,})" for name, some in kinds)]
    checks = {name: [name] for name in ALL_CHECKS} | {"our suite": OURS}
    return head, [
        [name, *(share(some, those) for _, some in kinds)]
        for name, those in checks.items()
    ]


def by_calls(bugs: Sequence[Trial]) -> str:
    """Write how the share grows with calls, for checks that draw them."""
    counts = (1, 5, CALLS)
    table = [
        [name, *(share(bugs, [name], calls) for calls in counts)]
        for name, check in CHECKS.items()
        if not check.once and check.calls is None
    ]
    return markdown(["check", *(f"within {n}" for n in counts)], table)


def by_group(what: str, bugs: Sequence[Trial], key: Callable[[Trial], str]) -> str:
    """Write the shares of each group of bugs."""
    checks = {name: [name] for name in CHECKS} | {"our suite": OURS}
    table = [
        [name, len(some), *(share(some, those) for those in checks.values())]
        for name, some in grouped(bugs, key)
    ]
    return markdown([what, "bugs", *checks], table)


def share(
    trials: Sequence[Trial], checks: Iterable[str], calls: float = float("inf")
) -> str:
    """Return how many percent any of some checks catches, within so many calls.

    Empty where no check runs what was edited.
    """
    names = list(checks)
    if not any(name in trial.calls for trial in trials for name in names):
        return ""
    caught = [any(_within(t.calls.get(n), calls) for n in names) for t in trials]
    return f"{sum(caught) / len(caught):.1%}"


def _within(call: int | None, calls: float) -> bool:
    return call is not None and call <= calls
