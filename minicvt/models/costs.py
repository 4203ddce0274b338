"""What a model costs, part by part, counted by shapes alone."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any, NamedTuple

from minicvt.blank import Blank, shapes_only
from minicvt.models.config import Config
from minicvt.models.parts import part_of
from minicvt.observe import Event, OperationEvent, observe
from minicvt.tensor import Tensor

Size = tuple[int, int]


class Cost(NamedTuple):
    """Parameters, frozen ones too, and multiply-adds."""

    parameters: int = 0
    macs: int = 0

    def less(self, other: Cost) -> Cost:
        """Return how much more than ``other`` this is."""
        return Cost(self.parameters - other.parameters, self.macs - other.macs)


class Tokens(NamedTuple):
    """How many queries ask how many keys, in one attention."""

    queries: int
    keys: int


@dataclass(frozen=True)
class Costs:
    """One model at one image size.

    ``parts`` are in the order they run, those that only have parameters last;
    ``attentions`` are all that ran, by path.
    """

    image: Size
    parts: dict[str, Cost]
    attentions: dict[str, Tokens]

    @property
    def total(self) -> Cost:
        """The whole model's."""
        each = self.parts.values()
        return Cost(sum(c.parameters for c in each), sum(c.macs for c in each))

    @property
    def kv_tokens(self) -> int:
        """Tokens that are keys and values, over all blocks."""
        return sum(tokens.keys for tokens in self.attentions.values())

    def by_stage(self) -> dict[str, Tokens]:
        """Tokens of each stage, which are the same in all its blocks.

        The two layers of T2T-ViT's stem differ: each stands for itself.
        """
        return {_place(path): tokens for path, tokens in self.attentions.items()}


def costs(config: Config, image: Size | None = None) -> Costs:
    """Count one forward pass of ``config`` in evaluation, for one image.

    The model is that for this size of image: of its tables of positions too. Nothing
    is allocated and nothing is run but the operations' rules for shapes.
    """
    config = config.override(image=image or config.image)
    macs: Counter[str] = Counter()
    attentions: dict[str, Tokens] = {}

    def note(event: Event) -> None:
        if isinstance(event, OperationEvent):
            macs[part_of(event.path)] += event.spec.macs
            if event.name == "attend":
                q, k, *_ = event.inputs
                attentions[event.path] = Tokens(q.shape[2], k.shape[2])

    with shapes_only():
        model = config.build().eval()
        pixels = Blank((1, *config.image, config.in_chans), model.dtype)
        with observe(note):
            model(Tensor(pixels))
    parameters = parameters_by_part(model)
    names = dict.fromkeys([*(name for name in macs if macs[name]), *parameters])
    parts = {n: Cost(parameters.get(n, 0), macs[n]) for n in names}
    return Costs(config.image, parts, attentions)


def parameters_by_part(model: Any) -> dict[str, int]:
    """Numbers inside a model, frozen ones too, by :func:`part_of`."""
    totals: Counter[str] = Counter()
    for name, parameter in model.named_parameters():
        totals[part_of(name)] += parameter.size
    return dict(totals)


def _place(path: str) -> str:
    """Return the stage an attention is in; in a stem, the layer."""
    first, *rest = path.split(".")
    return f"{first}.{rest[0]}" if first == "stem" else first
