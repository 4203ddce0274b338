"""Tables about one model: where its parameters and multiply-adds are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from minicvt.accounting.counting import count
from minicvt.accounting.ledger import Ledger
from minicvt.blank import shapes_only
from minicvt.models import Config
from minicvt.models.costs import Size, costs
from minicvt.tables import table


def ledger_of(
    config: Config, image: Size, backward: bool = False
) -> tuple[Any, Ledger]:
    """Build ``config`` for ``image`` without memory and count a pass, or a step."""
    with shapes_only():
        model = config.override(image=image).build()
        return model, count(model, backward=backward)


def count_parts(config: Config, image: Size) -> list[tuple[str, int, int]]:
    """Parameters and MACs of every part of a model; the last row is the total."""
    found = costs(config, image)
    rows = [(part, *cost) for part, cost in found.parts.items()]
    return [*rows, ("total", *found.total)]


def parts_table(config: Config, image: Size) -> str:
    """Lay out :func:`count_parts` as a table."""
    return table((config.name, "parameters", "MACs"), count_parts(config, image))


@dataclass(frozen=True)
class Saving:
    """One quantity with keys and values at stride 1 and as configured."""

    quantity: str
    stride_1: int
    strided: int

    @property
    def ratio(self) -> float:
        """How many times less."""
        return self.stride_1 / self.strided


def kv_savings(config: Any, image: Size) -> list[Saving]:
    """What striding keys and values saves in an executed model.

    Counts the same model with ``kv_stride=1`` beside it: the keys of each stage,
    the two attention products, and the whole model.
    """
    full = costs(config.override(kv_stride=1), image)
    less = costs(config, image)
    part = "attention products"
    keys = zip(full.by_stage().items(), less.by_stage().values(), strict=True)
    products = full.parts[part].macs, less.parts[part].macs
    return [
        *[Saving(f"keys of {stage}", a.keys, b.keys) for (stage, a), b in keys],
        Saving(f"MACs of the {part}", *products),
        Saving("MACs of the model", full.total.macs, less.total.macs),
    ]


def savings_table(config: Any, image: Size) -> str:
    """Lay out :func:`kv_savings` as a table."""
    rows = [
        (s.quantity, s.stride_1, s.strided, f"{s.ratio:.3f}x")
        for s in kv_savings(config, image)
    ]
    strides = ", ".join(map(str, dict.fromkeys(config.kv_stride)))
    return table((config.name, "stride 1", f"stride {strides}", "less"), rows)
