"""The command that holds the papers, and our gradients, to what they claim."""

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
    if check == "gradients":
        from minicvt.verify.golden import commands as golden

        return golden.gradients(**options)
    if check == "laws":
        from minicvt.verify.laws import commands as laws

        return laws.laws(**options)
    from minicvt.verify.equations import commands, measure

    if check == "equations":
        return commands.equations(**options)
    measure.measure(**options)
    return 0


def _verify_options(parser: ArgumentParser) -> None:
    checks = parser.add_subparsers(dest="check", metavar="CHECK", required=True)
    _equations_options(checks)
    _gradients_options(checks)
    _laws_options(checks)
    _measure_options(checks)


def _equations_options(checks: Any) -> None:
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


def _gradients_options(checks: Any) -> None:
    says = "every operation's gradients against PyTorch's, kept; exit 1 if one differs"
    gradients = checks.add_parser("gradients", help=says, description=says)
    add = gradients.add_argument
    add("--with-torch", action="store_true", help="ask PyTorch again: it must agree")
    add("--out", type=Path, metavar="FILE", help="keep what it answers there instead")


def _laws_options(checks: Any) -> None:
    says = "what must hold for any input, and what must not; exit 1 if a law is broken"
    laws = checks.add_parser("laws", help=says, description=says)
    add = laws.add_argument
    add("--draws", type=positive, default=10, metavar="N", help="of each (%(default)s)")
    markdown = add("--markdown", dest="form", action="store_const", const="markdown")
    markdown.help = "a page"


def _measure_options(checks: Any) -> None:
    says = "train the small models behind the empirical claims; resumes"
    measure = checks.add_parser("measure", help=says, description=says)
    add = measure.add_argument
    add("--seeds", type=seeds, default=list(range(10)), metavar="LIST", help="(0-9)")
    where = Path("out/verify/measured.json")
    add("--out", type=Path, default=where, metavar="FILE", help="(%(default)s)")


COMMANDS = {
    "verify": Command(
        "look",
        "what the papers claim, executed; gradients against PyTorch's; laws",
        _verify,
        _verify_options,
    ),
}
