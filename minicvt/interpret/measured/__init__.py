"""What was measured of how far attention can be believed, kept for who quotes it.

The numbers are those of ``minicvt faithful``; this is how they were kept::

    python -m minicvt.interpret.measured cvt-rgb32-mid 400
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from minicvt import weights
from minicvt.files import StrPath, write_atomic
from minicvt.interpret.commands import boxed
from minicvt.interpret.report import Study, study, verdicts
from minicvt.train import bootstrap

FOLDER = files("minicvt.interpret.measured")
SUFFIX = ".json"
MEASURES = ("areas", "points")


@dataclass(frozen=True)
class Measured:
    """A study of one model in words: each order's results, and who wins.

    ``rows`` are order, deletion area and pointing, both with intervals. ``sha256`` is
    that of the weights.
    """

    name: str
    task: str
    sha256: str
    images: int
    rows: list[list[str]]
    verdicts: list[str]


def measured(name: str) -> Measured | None:
    """Return what was measured of the trained model ``name``, if it is these weights.

    Raises ``UnknownName`` for a model that does not come with the library.
    """
    card, path = weights.card(name), FOLDER.joinpath(name + SUFFIX)
    if not path.is_file():
        return None
    values: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return Measured(**values) if values["sha256"] == card.sha256 else None


def measure(name: str, images: int, folder: StrPath = ".") -> Measured:
    """Study the trained model ``name``; write it to ``folder``."""
    card = weights.card(name)
    found = study(weights.trained(name), boxed(name), images)
    kept = Measured(name, card.task, card.sha256, images, _rows(found), verdicts(found))
    content = json.dumps(asdict(kept), indent=2) + "\n"
    write_atomic(Path(folder) / f"{name}{SUFFIX}", content.encode())
    return kept


def _rows(found: Study) -> list[list[str]]:
    return [
        [trial.order, *(str(bootstrap(trial.of(m), found.scans)) for m in MEASURES)]
        for trial in found.trials
    ]


def main(arguments: Sequence[str]) -> None:
    """Measure into the current folder, as the module's docstring shows."""
    name, images = arguments
    print(measure(name, int(images)))


if __name__ == "__main__":
    main(sys.argv[1:])
