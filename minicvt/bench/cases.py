"""What is compared: cases, the bars they are held to, and CvT's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

EAGER, COMPILE, ONNX, NUMPY = "eager", "compile", "onnxruntime", "numpy"
BATCHES = (1, 8)
TRAINED = 8
SIDES, STRIDES, GROWN = (224, 320, 448), (2, 1), (1, 8, 32)


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
        """Say it to a party; ``folder`` has what goes in."""
        return {"name": self.name, "work": self.work, "folder": folder, **self.options}


@dataclass(frozen=True)
class Asked:
    """What the command line may change of cases: () stands for the usual batches."""

    batches: Sequence[int] = ()
    size: int = 224
    kv_stride: int = 2

    @property
    def published(self) -> bool:
        """Whether this is CvT-13 as it is published, which bars are about."""
        return (self.size, self.kv_stride) == (Asked.size, Asked.kv_stride)


def cvt_13(
    work: str, batch: int, asked: Asked, bars: Mapping[str, Bar], **options: Any
) -> Case:
    """Return a case of CvT-13."""
    usual = {"model": "cvt-13", "size": asked.size, "kv_stride": asked.kv_stride}
    told = {**usual, "batch": batch, **options}
    return Case(f"{work}, batch {batch}", work, told, bars if asked.published else {})


def inference(asked: Asked) -> list[Case]:
    """CvT-13 in evaluation, folded, a batch at a time."""
    bars = {
        1: {EAGER: Bar(0.90, 0.75), ONNX: Bar(None, 1.0)},
        8: {EAGER: Bar(0.85, 0.70), ONNX: Bar(None, 0.9)},
    }
    return [
        cvt_13("inference", batch, asked, bars.get(batch, {}), fold=True)
        for batch in asked.batches or BATCHES
    ]


def training(asked: Asked) -> list[Case]:
    """A step of CvT-13: forward, cross entropy, backward, AdamW, zero_grad."""
    bars = {TRAINED: {EAGER: Bar(0.85, 0.70), COMPILE: Bar(None, 0.80)}}
    return [
        cvt_13("training", batch, asked, bars.get(batch, {}))
        for batch in asked.batches or (TRAINED,)
    ]


def toy(asked: Asked) -> list[Case]:
    """A step of the hello world, which has one size."""
    options = {"model": "cvt-c8w", "size": 8, "kv_stride": 2, "batch": 64}
    bars = {EAGER: Bar(0.80, 0.50)}
    return [Case("training of c8w, batch 64", "training", options, bars)]


def start(asked: Asked) -> list[Case]:
    """From nothing to the first answer: imports, a checkpoint's file, one image."""
    return [cvt_13("inference", 1, asked, {EAGER: Bar(0.35, 0.20)}, fold=False)]


def memory(asked: Asked) -> list[Case]:
    """The most that a process has in memory, libraries and weights with it."""
    bars = {1: Bar(0.55, 0.45), 8: Bar(0.45, 0.35)}
    return [
        *[
            cvt_13("inference", batch, asked, {EAGER: bars[batch]}, fold=False)
            for batch in BATCHES
        ],
        cvt_13("training", TRAINED, asked, {EAGER: Bar(0.85, 0.60)}),
    ]


def growth(asked: Asked) -> list[Case]:
    """Inference along the side of one image, and along the batch at one side."""
    batches = asked.batches or GROWN
    return [
        replace(
            cvt_13("inference", batch, Asked((), side, stride), {}, fold=True),
            name=f"{side}, K/V stride {stride}, batch {batch}",
        )
        for stride in STRIDES
        for side, batch in dict.fromkeys(
            [*((side, 1) for side in SIDES), *((asked.size, b) for b in batches)]
        )
    ]
