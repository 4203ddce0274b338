"""The command that plants bugs, to see who notices."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from minicvt.cli.parser import Command


def _audit(**options: Any) -> int:
    from minicvt.verify.audit import commands

    return commands.audit(**options)


def _audit_options(parser: ArgumentParser) -> None:
    add = parser.add_argument
    add("--only", metavar="NAME", help="an operation, as in layer_norm; or engine")
    add(
        "--list", dest="listed", action="store_true", help="the bugs, not who sees them"
    )
    add(
        "--page",
        dest="page_file",
        type=Path,
        metavar="FILE",
        help="write the kill table there, and its mechanical bugs beside it",
    )


COMMANDS = {
    "audit": Command(
        "look",
        "bugs planted in every gradient, and which checks see them",
        _audit,
        _audit_options,
    ),
}
