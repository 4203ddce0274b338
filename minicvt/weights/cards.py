"""What a card says of a trained model."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from importlib.resources import files
from typing import Any

from minicvt.errors import unknown

FOLDER = files("minicvt.weights")


@dataclass(frozen=True)
class Card:
    """How a model was trained, how good it is, and its file's SHA-256.

    ``accuracy`` is that of the weights as stored, in float16; ``accuracy_float32``
    that of the run they come from. The interval is :func:`minicvt.train.bootstrap`'s
    over the held-out images.
    """

    name: str
    task: str
    recipe: dict[str, Any]
    commands: list[str]
    parameters: int
    test_images: int
    accuracy: float
    interval: tuple[float, float]
    accuracy_float32: float
    sha256: str

    def to_json(self) -> str:
        """Return the card as a JSON object that diffs well."""
        return json.dumps(asdict(self), indent=2) + "\n"


def names() -> list[str]:
    """Names of the trained models that come with the library."""
    cards = (entry.name for entry in FOLDER.iterdir() if entry.name.endswith(".json"))
    return sorted(name.removesuffix(".json") for name in cards)


def card(name: str) -> Card:
    """Read the card of ``name``; raises ``UnknownName``."""
    if name not in names():
        raise unknown("trained model", name, names())
    text = FOLDER.joinpath(f"{name}.json").read_text(encoding="utf-8")
    return Card(**json.loads(text))
