"""Which model of ours each row of the paper's tables means."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

from minicvt import models
from minicvt.accounting import Ledger
from minicvt.accounting.summary import ledger_of
from minicvt.models import Config
from minicvt.reconcile.amounts import amounts
from minicvt.reconcile.printed import ALL, Place, cells

PATCHES = ((4, 4, 0), (2, 2, 0), (2, 2, 0))
"""Patches in place of CvT-13's overlapping windows, of the same strides (table 6)."""

NAMES: dict[str, tuple[str, dict[str, Any]]] = {
    "ResNet-50": ("resnet-50", {}),
    "ResNet-101": ("resnet-101", {}),
    "ResNet-152": ("resnet-152", {}),
    "ViT-B/16": ("vit-b16", {}),
    "ViT-L/16": ("vit-l16", {}),
    "ViT-H/16": ("vit-h14", {"embed": ((16, 16, 0),)}),
    "DeiT-S": ("deit-small", {}),
    "DeiT-B": ("deit-base", {}),
    "PVT-Small": ("pvt-small", {}),
    "PVT-Medium": ("pvt-medium", {}),
    "PVT-Large": ("pvt-large", {}),
    "T2T-ViT_t-14": ("t2t-t-14", {}),
    "T2T-ViT_t-19": ("t2t-t-19", {}),
    "T2T-ViT_t-24": ("t2t-t-24", {}),
    "CvT-13": ("cvt-13", {}),
    "CvT-21": ("cvt-21", {}),
    "CvT-W24": ("cvt-w24", {}),
}
CVTS = ("CvT-13", "CvT-21", "CvT-W24")
REPRESENTED = {
    "ViT, DeiT": ("vit-b16", "deit-small"),
    "T2T": ("t2t-t-14",),
    "PVT": ("pvt-small",),
    "CvT (ours)": ("cvt-13",),
}
"""Who stands for a row of table 1."""
ABLATIONS: dict[tuple[str, str], dict[str, Any]] = {
    ("5", "a DeiT-S"): {},
    ("5", "b DeiT-S"): {"positions": "none"},
    ("5", "c CvT-13"): {"positions": "every"},
    ("5", "d CvT-13"): {"positions": "first"},
    ("5", "e CvT-13"): {"positions": "last"},
    ("5", "f CvT-13"): {"positions": "none"},
    ("6", "a"): {"embed": PATCHES},
    ("6", "b"): {"embed": PATCHES, "positions": "every"},
    ("6", "c"): {"positions": "every"},
    ("6", "d"): {},
    ("7", "a"): {"kv_stride": 1},
    ("7", "b"): {"kv_stride": 2},
    ("8", "a"): {"projection": ("linear", "linear", "linear")},
    ("8", "b"): {"projection": ("dw_bn", "linear", "linear")},
    ("8", "c"): {"projection": ("dw_bn", "dw_bn", "linear")},
    ("8", "d"): {"projection": ("dw_bn", "dw_bn", "dw_bn")},
}
ABSENT = {
    "CPVT": "CPVT is not among the models here",
    "TNT": "TNT is not among the models here",
    "BiT-M": "BiT is not among the models here",
    "CvT-13-NAS": "what the search chose is not published",
}
DOWNSTREAM = (384, 384)
"""The size that the models of table 4 are fine-tuned at (section 4.1)."""


@dataclass(frozen=True)
class Subject:
    """One model, built and run by shapes alone when something about it is asked."""

    config: Config

    @cached_property
    def _run(self) -> tuple[Any, Ledger]:
        return ledger_of(self.config, self.config.image)

    def changed(self, **options: Any) -> Subject:
        """Return the same model with some fields of its configuration changed."""
        return subject(self.config.override(**options))

    @property
    def model(self) -> Any:
        """The model, without values."""
        return self._run[0]

    @property
    def ledger(self) -> Ledger:
        """Every operation of one pass over one image."""
        return self._run[1]

    @cached_property
    def amounts(self) -> dict[str, int]:
        """The terms of that pass (:mod:`minicvt.reconcile.amounts`)."""
        return dict(amounts(self.ledger))

    @property
    def parameters(self) -> int:
        """Numbers it stores that are no running statistics."""
        return int(self.model.count_parameters())


@cache
def subject(config: Config) -> Subject:
    """Return the one subject of a configuration."""
    return Subject(config)


def named(name: str, **options: Any) -> Subject:
    """Return a variant of the registry, perhaps changed."""
    return subject(models.variant(name, **options))


def meant(place: Place) -> list[Subject]:
    """Return the models that a cell is about; none where we have none of them."""
    table, row, column = place
    if table == "1":
        return [named(name) for name in REPRESENTED.get(row, ())]
    if table == "2":
        columns = CVTS if column == ALL else (column,)
        return [named(NAMES[name][0]) for name in columns]
    if (table, row) in ABLATIONS:
        base = "deit-small" if row.endswith("DeiT-S") else "cvt-13"
        return [named(base, **ABLATIONS[table, row])]
    name, options = NAMES.get(row.split(" ")[0], (None, {}))
    if name is None:
        return []
    side = int(cells()[place._replace(column="image")]) if table == "3" else 0
    size = (side, side) if side else DOWNSTREAM
    return [named(name, image=size, **options)]


def why_absent(place: Place) -> str:
    """Say why there is no model for a row."""
    return next(why for name, why in ABSENT.items() if place.row.startswith(name))
