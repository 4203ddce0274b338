"""The commands: a row each, with its options and its body.

Bodies live in the floors below and are imported when their command runs, so that
``minicvt --help`` costs no Numba and no Matplotlib.
"""

from __future__ import annotations

from argparse import ArgumentParser
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from minicvt.cli.parser import Command
from minicvt.cli.values import natural, positive, seeds, size


def _tour(**options: Any) -> None:
    from minicvt import tour

    tour.run(**options)


def _tour_options(parser: ArgumentParser) -> None:
    add = parser.add_argument
    add("--out", type=Path, default=Path("out/tour"), help="folder (%(default)s)")
    add("--seed", type=natural, default=0, help="of everything random (%(default)s)")
    add("--open", dest="show", action="store_true", help="open the page at the end")


def _train(kernels: str | None, **options: Any) -> None:
    from minicvt.kernels import use
    from minicvt.train import commands

    with use(kernels) if kernels else nullcontext():
        commands.train(**options)


def _train_options(parser: ArgumentParser) -> None:
    add = parser.add_argument
    add("task", metavar="TASK", help="what to learn, as in digits8 or composites-mid")
    either = parser.add_mutually_exclusive_group()
    either.add_argument(
        "--seeds", type=seeds, default=[0], metavar="LIST", help="as in 0-4 or 0,2,5"
    )
    either.add_argument(
        "--seed", type=seeds, dest="seeds", metavar="N", help="a single one (0)"
    )
    add("--epochs", type=positive, metavar="N", help="instead of the recipe's")
    add("--out", type=Path, metavar="DIR", help="keep checkpoints here, and resume")
    add("--kernels", metavar="BODY", help="loops, numpy or numba")


def _count(**options: Any) -> None:
    from minicvt.accounting import commands

    commands.count(**options)


def _count_options(parser: ArgumentParser) -> None:
    add = parser.add_argument
    add("model", metavar="MODEL", help="a name, as in cvt-13")
    add("--image", type=size, metavar="SIZE", help="224, or height x width: 224x192")
    add("--by", default="part", help="rows: part, stage, module or kind (%(default)s)")


def _faithful(**options: Any) -> None:
    from minicvt.interpret import commands

    commands.faithful(**options)


def _faithful_options(parser: ArgumentParser) -> None:
    add = parser.add_argument
    add("names", metavar="MODEL", nargs="+", help="trained, as in cvt-rgb32-mid")
    add("--images", type=positive, default=400, metavar="N", help="(%(default)s)")
    add("--page", dest="page_file", type=Path, metavar="FILE", help="write it there")


def _doctor() -> None:
    from minicvt import doctor

    print(doctor.report())


COMMANDS = {
    "tour": Command(
        "start here",
        "train a CvT on real digits in a minute, and write an illustrated page",
        _tour,
        _tour_options,
    ),
    "train": Command(
        "train",
        "train a recipe over seeds, with an interval; resumes where it stopped",
        _train,
        _train_options,
    ),
    "count": Command(
        "look",
        "parameters and multiply-adds of a model, without running it",
        _count,
        _count_options,
    ),
    "faithful": Command(
        "look",
        "whether attention tells where a model looks, beside controls",
        _faithful,
        _faithful_options,
    ),
    "doctor": Command(
        "this machine",
        "versions, threads, compiled kernels, and what is missing",
        _doctor,
    ),
}
