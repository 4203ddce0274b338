"""What compiled kernels cost when they are first used, and when a cache has them."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from minicvt.bench.cases import Asked, toy
from minicvt.bench.known import MODELS, OURS
from minicvt.bench.party import Party
from minicvt.bench.subjects import prepare

BARS = {"compiled": 10.0, "from the cache": 1.0}
"""CPU seconds to stay under."""
HEADERS = ("kernels", "CPU, s", "must", "met")
SAYS = (
    "CPU time of the hello world's first two training steps in a new process, model "
    "and data from files: with nothing compiled yet, and again from the cache it left."
)


def cold_start(threads: int) -> Iterator[tuple[str, float]]:
    """Yield CPU seconds of the first steps, compiled and from the cache."""
    (case,) = toy(Asked())
    with tempfile.TemporaryDirectory() as folder:
        prepare(Path(folder), case.options)
        cache = {"MINICVT_CACHE_DIR": str(Path(folder) / "compiled")}
        for name in BARS:
            ours = replace(OURS, environment=cache)
            with Party(ours, MODELS, threads) as party:
                yield name, party.build(case.asked(folder))["cpu"]


def row(name: str, seconds: float) -> tuple[str, str, str, str]:
    """Return a row under ``HEADERS``."""
    met = "yes" if seconds <= BARS[name] else "no"
    return name, f"{seconds:.2f}", f"{BARS[name]:.0f}", met
