"""What a study of a model's maps came to, in a JSON file beside this one.

::

    minicvt faithful cvt-rgb32-mid --keep minicvt/interpret/measured
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from minicvt import weights
from minicvt.files import StrPath, write_atomic
from minicvt.interpret.report import Study, Trial, verdicts
from minicvt.train import bootstrap

FOLDER = files("minicvt.interpret.measured")


@dataclass(frozen=True)
class Measured:
    """A study of one trained model: each order's results, and who wins.

    ``rows`` are order, deletion area and pointing, both with their intervals;
    ``sha256`` is that of the weights.
    """

    name: str
    task: str
    sha256: str
    images: int
    rows: list[list[str]]
    verdicts: list[str]

    def to_json(self) -> str:
        """Return it as a JSON object that diffs well."""
        return json.dumps(asdict(self), indent=2) + "\n"


def measured(name: str) -> Measured | None:
    """Return what was measured of the trained model ``name``, None where nothing was.

    Measurements of other weights of that name are nothing. Raises ``UnknownName`` for
    a model that does not come with the library.
    """
    card, path = weights.card(name), FOLDER.joinpath(f"{name}.json")
    if not path.is_file():
        return None
    values: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return Measured(**values) if values["sha256"] == card.sha256 else None


def keep(name: str, found: Study, folder: StrPath) -> Measured:
    """Write to ``folder`` what was ``found`` of the trained model ``name``."""
    card, rows = weights.card(name), [_row(found, trial) for trial in found.trials]
    kept = Measured(
        name, card.task, card.sha256, len(found.scans), rows, verdicts(found)
    )
    write_atomic(Path(folder) / f"{name}.json", kept.to_json().encode())
    return kept


def _row(found: Study, trial: Trial) -> list[str]:
    measures = (trial.of("areas"), trial.of("points"))
    return [trial.order, *(str(bootstrap(values, found.scans)) for values in measures)]
