"""What a run went through, epoch by epoch."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field


@dataclass(frozen=True)
class Epoch:
    """One epoch: ``loss`` and ``train_accuracy`` are running means while it learned."""

    epoch: int  # from 1
    epochs: int
    loss: float
    train_accuracy: float
    test_accuracy: float
    images_per_second: float
    seconds: float

    @property
    def seconds_left(self) -> float:
        """Time the remaining epochs take if each is as long as this one."""
        return (self.epochs - self.epoch) * self.seconds


@dataclass
class History:
    """All epochs so far; ``to_json`` and ``from_json`` keep every number."""

    epochs: list[Epoch] = field(default_factory=list)

    def column(self, name: str) -> list[float]:
        """One quantity, such as ``"loss"``, over the epochs."""
        return [getattr(epoch, name) for epoch in self.epochs]

    def to_json(self) -> str:
        """Return a JSON array with one object an epoch."""
        return json.dumps([asdict(epoch) for epoch in self.epochs])

    @classmethod
    def from_json(cls, text: str) -> History:
        """Read what ``to_json`` wrote."""
        return cls([Epoch(**entry) for entry in json.loads(text)])
