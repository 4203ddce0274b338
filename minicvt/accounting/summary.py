"""Tables about one model: where its parameters and multiply-adds are."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from minicvt.accounting.ledger import Ledger, count
from minicvt.accounting.parts import part_of
from minicvt.blank import shapes_only
from minicvt.models import Config
from minicvt.tables import table

Size = tuple[int, int]


def ledger_of(config: Config, image: Size) -> tuple[Any, Ledger]:
    """Build ``config`` without memory and count one forward pass."""
    with shapes_only():
        model = config.build()
        return model, count(model, image)


def parameters_by_part(model: Any) -> dict[str, int]:
    """Trainable numbers, grouped as the paper would name them."""
    totals: Counter[str] = Counter()
    for name, parameter in model.named_parameters():
        totals[part_of(name)] += parameter.size
    return dict(totals)


def count_parts(config: Config, image: Size) -> list[tuple[str, int, int]]:
    """Parameters and MACs of every part of a model; the last row is the total."""
    model, ledger = ledger_of(config, image)
    parameters, macs = parameters_by_part(model), ledger.by("part")
    rows = [
        (part, parameters.get(part, 0), macs.get(part, 0))
        for part in dict.fromkeys([*macs, *parameters])
    ]
    return [*rows, ("total", model.count_parameters(), ledger.macs)]


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
    _, full = ledger_of(config.override(kv_stride=1), image)
    _, less = ledger_of(config, image)
    part = "attention products"
    stages = zip(keys_by_stage(full).items(), keys_by_stage(less).values(), strict=True)
    return [
        *[Saving(f"keys of {stage}", a, b) for (stage, a), b in stages],
        Saving(f"MACs of the {part}", full.by("part")[part], less.by("part")[part]),
        Saving("MACs of the model", full.macs, less.macs),
    ]


def keys_by_stage(ledger: Ledger) -> dict[str, int]:
    """Keys each query of a stage attends to, the class token among them."""
    attends = [e for e in ledger.entries if e.operation == "attend"]
    return {e.stage: e.inputs[1][2] for e in attends if e.inputs[1] is not None}


def savings_table(config: Any, image: Size) -> str:
    """Lay out :func:`kv_savings` as a table."""
    rows = [
        (s.quantity, s.stride_1, s.strided, f"{s.ratio:.2f}x")
        for s in kv_savings(config, image)
    ]
    return table((config.name, "stride 1", "stride 2", "less"), rows)
