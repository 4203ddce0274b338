"""What ``minicvt count`` and ``minicvt dialects`` run."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path
from textwrap import fill

from minicvt import models
from minicvt.accounting.errata import Effect, errata
from minicvt.accounting.ledger import Ledger
from minicvt.accounting.summary import ledger_of, parts_table, savings_table
from minicvt.accounting.writing import HEADINGS
from minicvt.errors import OptionError
from minicvt.files import write_atomic
from minicvt.models.costs import Size
from minicvt.models.dialects import DIALECTS, REST, WHOSE, differences, value_of
from minicvt.ops.spec import UNITS
from minicvt.tables import markdown, table

WIDTH = 88


def count(
    model: str,
    image: Size | None = None,
    by: str = "part",
    backward: bool = False,
    in_bytes: bool = False,
    csv: Path | None = None,
    json: Path | None = None,
) -> None:
    """Print where a model's parameters and multiply-adds are, and what stride saves.

    Nothing is allocated; the model is that for this size of image. ``csv`` and
    ``json`` get a row for every operation. Raises ``UnknownName`` and ``ShapeError``.
    """
    config = models.variant(model)
    size = image or config.image
    _, ledger = ledger_of(config, size, backward)
    plain = by == "part" and not backward
    costs = [parts_table(config, size) if plain else ledger.table(by)]
    if in_bytes:  # in a table of their own, or it would be too wide
        costs.append(ledger.table(by, ("read", "written", *["kept"] * backward)))
    print(f"{model} at {size[0]} x {size[1]}", *costs, _besides(ledger), sep="\n\n")
    if max(getattr(config, "kv_stride", (1,))) > 1:
        print("", savings_table(config, size), sep="\n")
    for path, written in ((csv, ledger.csv), (json, ledger.json)):
        if path is not None:
            write_atomic(path, written().encode())


def _besides(ledger: Ledger) -> str:
    """Say what is in no MAC, and what a FLOP is."""
    units = {unit: ledger.total(unit) for unit in UNITS if unit != "macs"}
    others = [f"{n:,} {HEADINGS.get(unit, unit)}" for unit, n in units.items() if n]
    flops = f"{ledger.total('flops'):,} FLOPs, two for each MAC. Not in them:"
    return fill(f"{flops} {', '.join(others)}.", WIDTH, break_on_hyphens=False)


HOW = """\
Parameters and MACs are what a difference adds. Logits are max|a - b| beside the
official code's, with the same random weights and image in float64, and relative to
max|b|. What a dialect does not name it has in common with the official code."""
COUNTS = ("parameters", "MACs", "logits", "relative")
COLUMNS = ("choice", "official", "here", *COUNTS, "shows in", "rests on")


def dialects(
    model: str = "cvt-13", image: Size | None = None, as_markdown: bool = False
) -> None:
    """Print what each difference between CvT's implementations does to a model.

    Parameters and MACs are what the difference adds; logits are max|a - b| beside the
    official code's with the same random weights, and relative to max|b|. Raises
    ``UnknownName``, and ``OptionError`` for a model that is no CvT.
    """
    config = models.variant(model)
    if not isinstance(config, models.CvTConfig):
        raise OptionError(f"dialects are CvT's, {model} is none")
    size = image or config.image
    title = f"{model} at {size[0]} x {size[1]}, each difference by itself"
    print(f"{'# ' * as_markdown}{title}\n\n{HOW}")
    _section("microsoft", config, [], as_markdown)
    for dialect, effects in groupby(errata(config, size), lambda e: e.dialect):
        _section(dialect, config, list(effects), as_markdown)


def _section(
    dialect: str, config: models.CvTConfig, effects: list[Effect], as_markdown: bool
) -> None:
    """Print one dialect as soon as it is measured."""
    write = markdown if as_markdown else table
    print(f"\n{'## ' * as_markdown}{dialect}: {WHOSE[dialect]}\n")
    if rows := _agreed(dialect, config):
        print(write(("choice", "official", "rests on"), rows) + "\n")
    if effects:
        print(write(COLUMNS, map(_row, effects)) + "\n")
    rest = [f"- {line}" for line in REST[dialect]]
    print("\n".join(["What no option covers:", "", *rest]), flush=True)


def _agreed(dialect: str, config: models.CvTConfig) -> list[tuple[object, ...]]:
    """Rows of what a dialect says and shares with the official code."""
    said = [c for c in DIALECTS[dialect] if c not in differences(dialect)]
    return [(c.field, value_of(c, config), c.source) for c in said]


def _row(effect: Effect) -> tuple[object, ...]:
    start = (effect.choice, effect.official, effect.value)
    if effect.refused:
        return (*start, "", "", "", "", "cannot be built", effect.refused)
    counts = (f"{n:+,}" if n else "0" for n in (effect.parameters, effect.macs))
    apart, relative = f"{effect.difference:.3f}", f"{effect.relative:.1%}"
    logits = (apart, relative) if effect.difference else ("0", "0")
    return (*start, *counts, *logits, effect.shows, effect.source)
