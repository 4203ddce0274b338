"""The command that looks at a reader's own model."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from minicvt.cli.parser import Command

CONTRACT = """\
FILE has build(config), which returns a model; PyTorch's and minicvt's need no more.
Others have load(model, state) and run(model, images) too, and may have gradients, state
and activations. Exit code 1: it differs; 2: it could not be run. See docs/check.md.
"""
FORMS = {"markdown": "for a document", "json": "for programs, with every gradient"}


def _check(**options: Any) -> int:
    from minicvt.verify.check import commands

    return commands.check(**options)


def _check_options(parser: ArgumentParser) -> None:
    parser.epilog = CONTRACT
    says = "Python, which will be run: check only what you trust"
    parser.add_argument("file", type=Path, metavar="FILE", help=says)
    either = parser.add_mutually_exclusive_group()
    for form, use in FORMS.items():
        option = either.add_argument(f"--{form}", dest="form", action="store_const")
        option.const, option.help = form, use


COMMANDS = {
    "check": Command(
        "look",
        "your own CvT, of NumPy or PyTorch, beside the official code",
        _check,
        _check_options,
    ),
}
