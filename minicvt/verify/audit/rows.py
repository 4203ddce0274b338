"""Tables of bugs, a row each, with who sees it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from minicvt.tables import markdown
from minicvt.verify.audit.checks import CHECKS, ENGINE_CHECKS
from minicvt.verify.audit.trial import Trial, is_engine


def by_hand(trials: Sequence[Trial]) -> str:
    """Write bugs with what is wrong: function, words, edit, ticks."""
    checks = list(ENGINE_CHECKS if is_engine(trials[0].mutant) else CHECKS)
    head = ["function", "what is wrong", "edit", *checks]
    return markdown(head, [hand_row(trial, checks) for trial in trials])


def hand_row(trial: Trial, checks: Iterable[str]) -> list[str]:
    """Return one of its rows."""
    mutant = trial.mutant
    return [code(mutant.function), mutant.says, edit(trial), *ticks(trial, checks)]


def by_line(trials: Iterable[Trial]) -> str:
    """Write mechanical bugs of one function under the lines they edit."""
    rows = []
    for line, group in grouped(trials, lambda trial: trial.mutant.line):
        rows.append([f"**{code(line)}**", "", *[""] * len(CHECKS)])
        rows += map(mechanical_row, group)
    return markdown(["edited", "what", *CHECKS], rows)


def mechanical_row(trial: Trial) -> list[str]:
    """Return one of its rows."""
    mutant = trial.mutant
    return [code(mutant.edited), mutant.says, *ticks(trial, CHECKS)]


def ticks(trial: Trial, checks: Iterable[str]) -> Iterator[str]:
    """Yield, for each check, whether it sees a bug, or could not."""
    for name in checks:
        yield "✓" if trial.caught(name) else "" if name in trial.calls else "·"


def edit(trial: Trial) -> str:
    """Say what becomes what."""
    return f"{code(trial.mutant.before)} becomes {code(trial.mutant.after)}"


def code(text: str) -> str:
    """Set source as code, on one line."""
    return f"`{' '.join(text.split())}`"


def folded(summary: str, body: str) -> str:
    """Write what a reader opens by a click; a file shows it as it is."""
    return f"<details><summary>{summary}</summary>\n\n{body}\n\n</details>"


def grouped(
    trials: Iterable[Trial], key: Callable[[Trial], str]
) -> Iterable[tuple[str, list[Trial]]]:
    """Return groups in the order in which they first come."""
    groups: dict[str, list[Trial]] = {}
    for trial in trials:
        groups.setdefault(key(trial), []).append(trial)
    return groups.items()
