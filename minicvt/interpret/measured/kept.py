"""What a study of a model's maps came to, in a JSON file beside this one."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from importlib.resources import files
from typing import Any

from minicvt import weights

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
