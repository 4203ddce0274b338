"""What ``minicvt count`` runs."""

from __future__ import annotations

from minicvt import models
from minicvt.accounting.summary import Size, ledger_of, parts_table, savings_table
from minicvt.errors import unknown

GROUPINGS = ("part", "stage", "module", "kind")


def count(model: str, image: Size | None = None, by: str = "part") -> None:
    """Print where a model's parameters and multiply-adds are, and what stride saves.

    Nothing is allocated. Raises ``UnknownName`` and ``ShapeError``.
    """
    if by not in GROUPINGS:
        raise unknown("grouping", by, GROUPINGS)
    config = models.variant(model)
    size = image or config.image
    print(f"{model} at {size[0]} x {size[1]}")
    print()
    if by == "part":
        print(parts_table(config, size))
    else:
        print(ledger_of(config, size)[1].table(by))
    print()
    print(savings_table(config, size))
