"""What a run went through, epoch by epoch."""

from __future__ import annotations

import json
import statistics
import time
from dataclasses import asdict, dataclass, field


@dataclass(frozen=True)
class Epoch:
    """One epoch: ``loss`` and ``train_accuracy`` are running means while it learned.

    Speed and ``seconds`` are those of its median step, so that a first step that
    compiles kernels does not spoil the estimate of the time left.
    """

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


class Tally:
    """The sums of an epoch under way."""

    def __init__(self) -> None:
        self.losses, self.hits, self.images = 0.0, 0, 0
        self.paces: list[float] = []
        self.last = time.perf_counter()

    def add(self, images: int, loss: float, hits: int) -> None:
        """Count a step that has just ended: its mean loss and its right answers."""
        now = time.perf_counter()
        self.paces.append((now - self.last) / images)
        self.last = now
        self.losses += loss * images
        self.hits += hits
        self.images += images

    def epoch(self, epoch: int, epochs: int, test_accuracy: float) -> Epoch:
        """Sum up, after the test images, at the pace of the median step."""
        pace = statistics.median(self.paces)
        return Epoch(
            epoch=epoch,
            epochs=epochs,
            loss=self.losses / self.images,
            train_accuracy=self.hits / self.images,
            test_accuracy=test_accuracy,
            images_per_second=1 / pace,
            seconds=self.images * pace + time.perf_counter() - self.last,
        )


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
