"""Whether a state fits a model: one line that says it, and a table of what does not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import SequenceMatcher
from typing import Any

from minicvt.errors import CheckpointError
from minicvt.tables import table

Shapes = Mapping[str, tuple[int, ...]]
MOST = 10  # rows of each kind: what goes wrong once goes wrong hundreds of times
NAMED = 3  # in the line above the table


def check_state(expected: Shapes, state: Mapping[str, Any], strict: bool) -> None:
    """Raise ``CheckpointError`` with what is missing, unexpected or mis-shaped.

    The first line says it in short; the table below has, for each name, the shapes
    and the nearest name on the other side.
    """
    found = {name: tuple(array.shape) for name, array in state.items()}
    both = [name for name in expected if name in found]
    wrong = {
        "mis-shaped": [n for n in both if found[n] != tuple(expected[n])],
        "missing": [n for n in expected if n not in found] if strict else [],
        "unexpected": [n for n in found if n not in expected] if strict else [],
    }
    if not any(wrong.values()):
        return
    near = _nearest(wrong["missing"], wrong["unexpected"], expected, found)
    lines = [_line(kind, names, near, expected, found) for kind, names in wrong.items()]
    rows = [
        (kind, name, expected.get(name, ""), found.get(name, ""), near.get(name, ""))
        for kind, names in wrong.items()
        for name in names[:MOST]
    ]
    more = sum(map(len, wrong.values())) - len(rows)
    raise CheckpointError(
        f"state does not fit the model: {'; '.join(filter(None, lines))}\n"
        + table(("problem", "tensor", "expected", "found", "nearest"), rows)
        + (f"\nand {more} more" if more else "")
    )


def _line(
    kind: str,
    names: list[str],
    near: Mapping[str, str],
    expected: Shapes,
    found: Shapes,
) -> str:
    """Say one kind of problem in short, with its first names."""

    def said(name: str) -> str:
        if kind == "mis-shaped":
            return f"{name}: expected {expected[name]}, got {found[name]}"
        return f"{name}, near {near[name]}" if name in near else name

    rest = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    listed = ", ".join(map(said, names[:NAMED]))
    return f"{len(names)} {kind} ({listed}{rest})" if names else ""


def _nearest(
    missing: list[str], unexpected: list[str], expected: Shapes, found: Shapes
) -> dict[str, str]:
    """Set the most alike name on the other side beside each of the first names."""
    near = {}
    for names, others, mine, theirs in (
        (missing, unexpected, expected, found),
        (unexpected, missing or list(expected), found, expected),
    ):
        for name in names[:MOST]:
            fit = [o for o in others if theirs[o] == mine[name]]
            if best := _alike(name, fit or others):
                near[name] = best
    return near


def _alike(name: str, others: Iterable[str]) -> str:
    """Return the most alike of ``others``, or "" if none is much alike.

    Names share their dotted parts before they share letters, and comparing letters
    is slow: only the eight that share most parts are compared so.
    """
    parts = set(name.split("."))
    first = sorted(others, key=lambda o: -len(parts & set(o.split("."))))[:8]
    ratios = {other: SequenceMatcher(None, name, other).ratio() for other in first}
    best = max(ratios, key=lambda other: ratios[other], default="")
    return best if ratios.get(best, 0) >= 0.6 else ""
