"""One run of a model over one image, seen through the observer."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from minicvt import ops
from minicvt.errors import OptionError, ShapeError
from minicvt.grid import Grid
from minicvt.nn import evaluation
from minicvt.observe import Event, ModuleEvent, OperationEvent, observe

STAGE = re.compile(r"stage\d+")
SPECIAL = {"cls_token": "class token", "dist_token": "distillation token"}


@dataclass(frozen=True, eq=False)
class StageMap:
    """What a stage gave: its token map (H, W, C), and names of its special tokens."""

    name: str
    tokens: Any
    special: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """Name for people: "stage 0"."""
        return self.name.replace("stage", "stage ")


@dataclass(frozen=True, eq=False)
class Attention:
    """One block's attention (heads, queries, keys), and where both lie."""

    path: str
    weights: Any
    query_grid: Grid
    key_grid: Grid


@dataclass
class Look:
    """The image (H, W, C), the answer (K,), and what happened in between.

    ``layers`` (heads, L) is CeiT's attention of the head: over the class tokens of all
    L blocks, which lie nowhere on the image. That of a stem is left out: its maps have
    as many queries and keys as T2T-ViT has windows, thousands of each.
    """

    model: str
    image: Any
    probabilities: Any = None
    stages: list[StageMap] = field(default_factory=list)
    attention: list[Attention] = field(default_factory=list)
    layers: Any = None

    def note(self, event: Event) -> None:
        """Keep of an event what is worth looking at, as arrays."""
        if isinstance(event, ModuleEvent):
            if STAGE.fullmatch(event.path):
                tokens, names = event.output[0].numpy()[0], event.module.special
                special = tuple(SPECIAL[name] for name in names)
                self.stages.append(StageMap(event.path, tokens, special))
        elif (
            isinstance(event, OperationEvent)
            and event.name == "attend"
            and event.options["key_grid"] is not None
        ):
            self._attended(event)

    def _attended(self, event: OperationEvent) -> None:
        grids = (event.options["query_grid"], event.options["key_grid"])
        if not grids[1].places:
            self.layers = ops.attention_map(event)[0, :, -1]
        elif STAGE.match(event.path):
            weights = ops.attention_map(event)[0]
            self.attention.append(Attention(event.path, weights, *grids))

    def block(self, stage: int = -1, block: int = -1) -> Attention:
        """Attention of one block; raises ``OptionError`` where there is none."""
        if not self.attention:
            raise OptionError(f"{self.model} has no attention: nothing in it attends")
        if not -len(self.stages) <= stage < len(self.stages):
            raise OptionError(f"stage {stage}: the model has {len(self.stages)}")
        name = self.stages[stage].name
        blocks = [a for a in self.attention if a.path.split(".")[0] == name]
        if not -len(blocks) <= block < len(blocks):
            raise OptionError(f"block {block}: {name} has {len(blocks)} with attention")
        return blocks[block]


def observed(model: Any, image: Any) -> Look:
    """Run ``model`` once over ``image`` and return everything worth drawing.

    ``image`` is (H, W, C), (H, W) for one channel, or a batch of one. Evaluation
    mode, no tape; the model's own mode comes back. Raises ``ShapeError``.
    """
    batch = one_image(image)
    look = Look(type(model).__name__, batch[0])
    with evaluation(model), observe(look.note):
        logits = model(batch)
    look.probabilities = ops.softmax(logits).numpy()[0]
    return look


def one_image(image: Any) -> Any:
    """Return ``image`` as a batch of one, (1, H, W, C)."""
    array = np.asarray(image)
    if array.ndim == 2:
        array = array[..., None]
    batch = array[None] if array.ndim == 3 else array
    if batch.ndim != 4 or len(batch) != 1:
        raise ShapeError(f"expected one image (H, W, C), got {np.shape(image)}")
    return batch
