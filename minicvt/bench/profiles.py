"""``minicvt bench profile``: one image, and a step of training, by operation."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from minicvt import threads
from minicvt.bench.cases import TRAINED, Asked, cvt_13
from minicvt.bench.ours import models
from minicvt.bench.page import Page
from minicvt.bench.profiling import Ceilings, Profile, profile
from minicvt.bench.rates import copy_rate, product_rate
from minicvt.bench.running import Run
from minicvt.bench.subjects import prepare

MIB = 2**20
HEADERS = (
    *("operation", "way", "calls", "GMAC", "MiB moved", "floor, ms"),
    *("measured, ms", "of the time", "of the roofline"),
)
SAYS = (
    "CvT-13 by operation, in one process with {threads} threads, medians of {rounds} "
    "runs. The floor is what the multiply-adds take at {macs:.1f} GMAC/s, or what is "
    "read and written takes at {bytes:.1f} GB/s, whichever is longer, call by call; "
    "both rates are the best that was measured here just before, of products of "
    "1024 x 1024 matrices in all threads and of copies too large for a cache. Over "
    "100 % of the roofline means that a cache helped, or that no whole arrays were "
    "moved: what an index takes is added in place on the way back. Events tell the "
    "time: each operation's is from the end of the one before, with the Python in "
    "between. An addition whose LayerNorm is made in the same pass has the time of "
    "both. What follows the last operation is, in training, AdamW."
)
TOTAL = "{name}: {seconds:.1f} ms observed, {alone:.1f} ms when nobody looks."


def profiles(asked: Asked, width: int, rounds: int) -> tuple[Ceilings, list[Profile]]:
    """Measure the machine, then both; a larger batch would run image beside image."""
    with threads.limit(width):
        ceilings = Ceilings(product_rate(width), copy_rate(width))
        return ceilings, [
            _profile(work, batch, asked, ceilings, rounds)
            for work, batch in (("inference", 1), ("training", TRAINED))
        ]


def _profile(
    work: str, batch: int, asked: Asked, ceilings: Ceilings, rounds: int
) -> Profile:
    case = cvt_13(work, batch, asked, {}, fold=True)
    with tempfile.TemporaryDirectory() as folder:
        prepare(Path(folder), case.options)
        body, _ = models.build(case.asked(folder))
    return profile(case.name, body, ceilings, rounds)


def rows(found: Profile) -> Iterator[tuple[Any, ...]]:
    """Yield a row an operation, and the rest, under ``HEADERS``."""
    for line in found.lines:
        yield (
            line.operation,
            line.direction,
            line.calls,
            f"{line.macs / 1e9:.3f}" if line.macs else "",
            f"{line.moved / MIB:.1f}" if line.moved else "",
            f"{line.floor * 1e3:.2f}" if line.floor else "",
            f"{line.seconds * 1e3:.2f}",
            f"{line.seconds / found.seconds:.1%}",
            f"{line.roofline:.0%}" if line.floor else "",
        )
    rest = (f"{found.rest * 1e3:.2f}", f"{found.rest / found.seconds:.1%}")
    yield "what follows", "", "", "", "", "", *rest, ""


def chapter(
    page: Page, asked: Asked, width: int, rounds: int, picture: Path | None
) -> Run:
    """Print both profiles, draw them where a file is named, and return them."""
    ceilings, found = profiles(asked, width, rounds)
    macs, moved = ceilings.macs / 1e9, ceilings.bytes / 1e9
    page.say(SAYS.format(threads=width, rounds=rounds, macs=macs, bytes=moved))
    for one in found:
        ms = {"seconds": one.seconds * 1e3, "alone": one.alone * 1e3}
        page.say(TOTAL.format(name=one.name, **ms))
        page.table(HEADERS, rows(one))
    if picture is not None:
        from minicvt import viz

        page.put(viz.written(viz.roofline(found), picture, page.as_markdown))
    return Run({"ceilings": asdict(ceilings), "profiles": [*map(asdict, found)]})
