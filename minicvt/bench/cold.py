"""What compiled kernels cost when they are first used, and when a cache has them."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from minicvt.bench.cases import Asked, toy
from minicvt.bench.known import MODELS, OURS
from minicvt.bench.party import Party
from minicvt.bench.short import Short
from minicvt.bench.subjects import prepare
from minicvt.bench.writing import MUST, NO

BARS = {"compiled": 10.0, "from the cache": 1.0}
"""CPU seconds to stay under."""
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


def bar(name: str, seconds: float) -> Short:
    """Hold one of them to its bar."""
    most = BARS[name]
    met = MUST if seconds <= most else NO
    said = f"{seconds:.2f} s of CPU", f"{most:.0f} s"
    return Short(f"hello world's kernels {name}", "", *said, "", {met: 1})
