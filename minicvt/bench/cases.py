"""What is compared, by the words of ``minicvt bench``, and how fast it should be."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

EAGER, COMPILE, ONNX, NUMPY = "eager", "compile", "onnxruntime", "numpy"


@dataclass(frozen=True)
class Bar:
    """Ratios to stay under: what must be, if anything must, and what would be good."""

    must: float | None
    aim: float


@dataclass(frozen=True)
class Case:
    """One comparison: its name, what all parties build, and bars, by peer.

    ``work`` is a name that every party knows. Bars hold for two threads.
    """

    name: str
    work: str
    options: Mapping[str, Any] = field(default_factory=dict)
    bars: Mapping[str, Bar] = field(default_factory=dict)

    def asked(self, folder: str) -> dict[str, Any]:
        """Say it to a party; ``folder`` has weights and images."""
        return {"name": self.name, "work": self.work, "folder": folder, **self.options}


@dataclass(frozen=True)
class Asked:
    """What the command line may change of CvT-13's cases."""

    batches: Sequence[int] = ()
    size: int = 224
    kv_stride: int = 2

    def cases(
        self, work: str, batches: Sequence[int], bars: Mapping[int, Mapping[str, Bar]]
    ) -> list[Case]:
        """Return a case a batch; bars are about CvT-13 as it is published."""
        fixed = {"model": "cvt-13", "size": self.size, "kv_stride": self.kv_stride}
        published = (self.size, self.kv_stride) == (Asked.size, Asked.kv_stride)
        return [
            Case(
                f"{work}, batch {batch}",
                work,
                {**fixed, "batch": batch},
                bars.get(batch, {}) if published else {},
            )
            for batch in self.batches or batches
        ]


def inference(asked: Asked) -> list[Case]:
    """CvT-13 in evaluation, a batch at a time."""
    one = {EAGER: Bar(0.90, 0.75), ONNX: Bar(None, 1.0)}
    eight = {EAGER: Bar(0.85, 0.70), ONNX: Bar(None, 0.9)}
    return asked.cases("inference", (1, 8), {1: one, 8: eight})


def training(asked: Asked) -> list[Case]:
    """A step of CvT-13: forward, cross entropy, backward, AdamW, zero_grad."""
    bars = {EAGER: Bar(0.85, 0.70), COMPILE: Bar(None, 0.80)}
    return asked.cases("training", (8,), {8: bars})


def toy(asked: Asked) -> list[Case]:
    """A step of the hello world, which has one size."""
    options = {"model": "cvt-c8w", "size": 8, "kv_stride": 2, "batch": 64}
    bars = {EAGER: Bar(0.80, 0.50)}
    return [Case("training of c8w, batch 64", "training", options, bars)]


TIMED: dict[str, Callable[[Asked], list[Case]]] = {
    "inference": inference,
    "training": training,
    "toy": toy,
}
"""Words for which models are timed, as they run in a process that is warm."""
