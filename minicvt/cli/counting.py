"""The commands that hold counts beside what papers and profilers say."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from minicvt.cli.parser import Command
from minicvt.cli.values import increasing, natural


def _reconcile(**options: Any) -> None:
    from minicvt.reconcile.commands import reconcile

    reconcile(**options)


def _reconcile_options(parser: ArgumentParser) -> None:
    add = parser.add_argument
    add("--table", metavar="N", help="one of the paper's, 1 to 8 (all)")
    add("--profilers", action="store_true", help="measure them again, where they are")
    add("--python", metavar="FILE", help="the Python that has them (this one)")
    form = parser.add_mutually_exclusive_group().add_argument
    form("--markdown", dest="as_markdown", action="store_true", help="for a document")
    form("--json", dest="as_json", action="store_true", help="for a program")
    add("--keep", dest="keep_in", type=Path, metavar="FILE", help="what they said")
    add("--picture", type=Path, metavar="FILE", help="draw table 3 there too, as SVG")


def _growth(**options: Any) -> None:
    from minicvt.accounting.growth.commands import growth

    growth(**options)


def _growth_options(parser: ArgumentParser) -> None:
    add = parser.add_argument
    add("--sides", type=increasing, metavar="N,N,...", help="of images (128 to 2048)")
    add("--rounds", type=natural, default=5, help="timed; 0 for none (%(default)s)")
    add("--markdown", dest="as_markdown", action="store_true", help="for a document")
    add("--picture", type=Path, metavar="FILE", help="draw it there too, as SVG")


COMMANDS = {
    "reconcile": Command(
        "look",
        "CvT's tables 1-8 cell by cell beside what is counted",
        _reconcile,
        _reconcile_options,
    ),
    "growth": Command(
        "look",
        "MACs, memory and time against image side and kernel, with exponents",
        _growth,
        _growth_options,
    ),
}
