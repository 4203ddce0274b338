"""Whether we keep up as images and batches grow, and what attention takes of memory."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from minicvt import models
from minicvt.accounting.growth import Exponent, exponent
from minicvt.bench.comparing import Outcome
from minicvt.bench.known import OPERATIONS, OURS, PEERS
from minicvt.bench.operations import draw, stage_cases, strided
from minicvt.bench.party import Party
from minicvt.bench.ratios import FEWEST, Ratio
from minicvt.bench.short import Short
from minicvt.bench.writing import MUST, NO, VAGUE

ATTENDED = (224, 320, 448, 640)
EVERY_ARRAY = {"MALLOC_MMAP_THRESHOLD_": "65536"}
"""Makes glibc hand large arrays back at once, so that a peak is one of what is used."""


WAYS = {"size": ("kv_stride", "batch"), "batch": ("kv_stride", "size")}
"""What grows, and what stays as it is then."""
TREND = ("of", "against", "from", "to", "ratio", "then", "worse")


def trends(outcomes: Sequence[Outcome]) -> Iterator[tuple[Any, ...]]:
    """Compare both ends of each way to grow, in rows under ``TREND``."""
    for what, fixed in WAYS.items():
        for series in _series(outcomes, fixed):
            first, last = (series[i].case.options[what] for i in (0, -1))
            a, b = series[0].ratio, series[-1].ratio
            if first == last or a is None or b is None:
                continue
            same = ", ".join(f"{k} {series[0].case.options[k]}" for k in fixed)
            of = f"{what}, at {same}", PEERS[series[0].against].name
            yield *of, first, last, str(a), str(b), worse(a, b)


def worse(first: Ratio, last: Ratio) -> str:
    """Say whether a ratio got worse, by the quartiles.

    Where one of both means nothing, by all rounds, if these say anything.
    """
    if min(first.rounds, last.rounds) < FEWEST:
        return VAGUE
    if not (first.meaningless or last.meaningless):
        return "yes" if last.low > first.high else "no"
    if last.most <= first.least:
        return "no"
    return "yes" if last.least > first.most else VAGUE


def _series(
    outcomes: Sequence[Outcome], fixed: Sequence[str]
) -> Iterator[list[Outcome]]:
    """Yield what differs in one thing only, in the order it was measured."""
    groups: dict[tuple[Any, ...], list[Outcome]] = {}
    for outcome in outcomes:
        key = outcome.against, *(outcome.case.options[k] for k in fixed)
        groups.setdefault(key, []).append(outcome)
    yield from (group for group in groups.values() if len(group) > 1)


def bar(trend: tuple[Any, ...]) -> Short:
    """Hold a row of ``TREND`` to its bar, which is not to get worse."""
    of, against, first, last, a, b, worse = trend
    met = {"no": MUST, "yes": NO}.get(worse, worse)
    said = f"{of}: from {first} to {last}", against, f"{a}, then {b}"
    return Short(*said, "no worse", "", {met: 1})


def bar_of_memory(power: Exponent) -> Short:
    """Hold attention's memory to its bar: as tokens, rather than as their square."""
    met = MUST if power.power < 1.5 else NO
    said = "memory of attention by tokens", "", f"to the power {power.power:.2f}"
    return Short(*said, "1, not 2", "", {met: 1})


WORSE = (
    "Both ends of each way to grow: it got worse where the lower quartile at the end "
    "lies over the upper one at first. Where one of them is no ratio, all rounds of "
    "both decide, if they lie apart."
)
TAKEN = (
    "Memory that attention of the first stage takes beside its inputs, one image in "
    "evaluation: the process's peak while it runs over what it had before. Bytes go as "
    "tokens to the power {power}; all scores at once would be the last column."
)
KEPT = ("side", "tokens", "keys", "bytes taken", "of all scores")


def attention_memory(threads: int) -> tuple[list[tuple[int, ...]], Exponent]:
    """Measure what the first stage's attention takes beside its inputs, in evaluation.

    Rows under ``KEPT``, with the bytes that all scores at once would take, and the
    exponent of the bytes taken over tokens.
    """
    rows = [_attention(side, threads) for side in ATTENDED]
    return rows, exponent([row[1] for row in rows], [row[3] for row in rows])


def _attention(side: int, threads: int) -> tuple[int, ...]:
    config: Any = models.variant("cvt-13", image=(side, side))
    grid, dim, heads = config.grids()[0], config.dims[0], config.heads[0]
    height, width = strided(grid[:2], config.kv_stride[0])
    x = (1, *grid[:2], dim)
    cases = stage_cases(x, heads, grid.tokens, height * width)
    case = next(c for c in cases if c.name.startswith("attention"))
    ours = replace(OURS, environment=EVERY_ARRAY)
    with tempfile.TemporaryDirectory() as folder, Party(ours, OPERATIONS, threads) as p:
        draw(Path(folder), case.options)
        p.build(case.asked(folder))
        told = p.time(1, afresh=True)
    scores = 4 * heads * grid.tokens * height * width
    return side, grid.tokens, height * width, told["peak"] - told["before"], scores
