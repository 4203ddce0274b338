"""The command that holds the papers to what they claim."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from minicvt.cli.parser import Command
from minicvt.cli.values import natural, positive, seeds, size

FORMS = {
    "latex": "a document: one table with booktabs",
    "markdown": "a page, with mathematics as GitHub renders it",
    "json": "every row of the evidence",
}


def _verify(check: str, **options: Any) -> int:
    from minicvt.verify.equations import commands, measure

    if check == "equations":
        return commands.equations(**options)
    measure.measure(**options)
    return 0


def _verify_options(parser: ArgumentParser) -> None:
    checks = parser.add_subparsers(dest="check", metavar="CHECK", required=True)
    says = "the papers' claims, each evaluated both ways; exit 1 if a verdict changes"
    equations = checks.add_parser("equations", help=says, description=says)
    add = equations.add_argument
    add("--claim", metavar="ID", help="all evidence of one, as in cvt-E8")
    form = equations.add_mutually_exclusive_group()
    for name, use in FORMS.items():
        either = form.add_argument(f"--{name}", dest="form", action="store_const")
        either.const, either.help = name, use
    add("--kernel", type=positive, metavar="N", help="both sides at your sizes (3)")
    add("--stride", type=positive, metavar="N", help="(2)")
    add("--padding", type=natural, metavar="N", help="(half the kernel)")
    add("--map", type=size, metavar="SIZE", help="height x width of tokens (14x14)")
    add("--channels", type=positive, metavar="N", help="(384)")
    says = "train the small models behind the empirical claims; resumes"
    measure = checks.add_parser("measure", help=says, description=says)
    add = measure.add_argument
    add("--seeds", type=seeds, default=list(range(10)), metavar="LIST", help="(0-9)")
    where = Path("out/verify/measured.json")
    add("--out", type=Path, default=where, metavar="FILE", help="(%(default)s)")


COMMANDS = {
    "verify": Command(
        "look",
        "what the papers claim, executed: equations, costs, small runs",
        _verify,
        _verify_options,
    ),
}
