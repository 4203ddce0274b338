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
from minicvt.bench.known import OPERATIONS, OURS
from minicvt.bench.operations import draw, stage_cases, strided
from minicvt.bench.party import Party

ATTENDED = (224, 320, 448, 640)
EVERY_ARRAY = {"MALLOC_MMAP_THRESHOLD_": "65536"}
"""Makes glibc hand large arrays back at once, so that a peak is one of what is used."""


WAYS = {"size": ("kv_stride", "batch"), "batch": ("kv_stride", "size")}
"""What grows, and what stays as it is then."""
TREND = ("of", "from", "to", "ratio", "then", "worse")


def trends(outcomes: Sequence[Outcome]) -> Iterator[tuple[Any, ...]]:
    """Compare both ends of each way to grow, in rows under ``TREND``.

    It got worse if the lower quartile at the end lies over the upper one at first.
    """
    for what, fixed in WAYS.items():
        for series in _series(outcomes, fixed):
            first, last = (series[i].case.options[what] for i in (0, -1))
            a, b = series[0].ratio, series[-1].ratio
            if first == last or a is None or b is None:
                continue
            same = ", ".join(f"{k} {series[0].case.options[k]}" for k in fixed)
            worse = "yes" if b.low > a.high else "no"
            yield f"{what}, at {same}", first, last, str(a), str(b), worse


def _series(
    outcomes: Sequence[Outcome], fixed: Sequence[str]
) -> Iterator[list[Outcome]]:
    """Yield what differs in one thing only, in the order it was measured."""
    groups: dict[tuple[Any, ...], list[Outcome]] = {}
    for outcome in outcomes:
        key = tuple(outcome.case.options[k] for k in fixed)
        groups.setdefault(key, []).append(outcome)
    yield from (group for group in groups.values() if len(group) > 1)


WORSE = (
    "Both ends of each way to grow: it got worse where the lower quartile at the end "
    "lies over the upper one at first."
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
