"""The commands: a row each, with its options and its body.

Bodies live in the floors below and are imported when their command runs, so that
``minicvt --help`` costs no Numba and no Matplotlib.
"""

from __future__ import annotations

from argparse import ArgumentParser
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from minicvt.cli import auditing, benching, checking, counting, verifying
from minicvt.cli.parser import Command
from minicvt.cli.values import names, natural, option, positive, seeds, size


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
    add("--model", metavar="NAME", help="instead of the recipe's, as in vit-digits16")
    add("--epochs", type=positive, metavar="N", help="instead of the recipe's")
    add("--out", type=Path, metavar="DIR", help="keep checkpoints here, and resume")
    add("--kernels", metavar="BODY", help="loops, numpy or numba")


def _classify(**options: Any) -> None:
    from minicvt.inference import commands

    commands.classify(**options)


def _classify_options(parser: ArgumentParser) -> None:
    add = parser.add_argument
    add("pictures", metavar="PICTURE", nargs="+", help="JPEG, PNG, WebP, GIF or BMP")
    _checkpoint_options(parser)
    add("--dialect", metavar="NAME", help="instead of the checkpoint's: microsoft, hf")
    add("--top", type=positive, default=5, metavar="N", help="classes (%(default)s)")
    add("--json", dest="as_json", action="store_true", help="for programs")


def _checkpoint_options(parser: ArgumentParser) -> None:
    add = parser.add_argument
    add("--checkpoint", required=True, metavar="NAME", help="file, folder or hub name")
    add("--size", type=positive, metavar="N", help="of pictures, not the checkpoint's")


def _evaluate(**options: Any) -> None:
    from minicvt.inference import commands

    commands.evaluate(**options)


def _evaluate_options(parser: ArgumentParser) -> None:
    add = parser.add_argument
    add("folder", metavar="FOLDER", help="with a sub-folder of pictures for each class")
    _checkpoint_options(parser)
    add("--dialect", dest="dialects", type=names, metavar="LIST", help="microsoft,hf")
    add("--csv", type=Path, metavar="FILE", help="a row a picture; resumes from it")
    add("--limit", type=positive, metavar="N", help="pictures, a fair sample of all")
    add("--classes", type=Path, metavar="FILE", help="line i: the folder of class i")
    add("--upright", action="store_true", help="turn pictures as their EXIF says")


def _count(**options: Any) -> None:
    from minicvt.accounting import commands

    commands.count(**options)


def _count_options(parser: ArgumentParser) -> None:
    add = parser.add_argument
    add("model", metavar="MODEL", help="a name, as in cvt-13")
    add("--image", type=size, metavar="SIZE", help="224, or height x width: 224x192")
    rows = "rows: part, stage, module, kind or direction (%(default)s)"
    add("--by", default="part", help=rows)
    add("--backward", action="store_true", help="a training step: there and back")
    add("--bytes", dest="in_bytes", action="store_true", help="read, written and kept")
    add("--csv", type=Path, metavar="FILE", help="a row for every operation")
    add("--json", type=Path, metavar="FILE", help="the same, and what each number is")


def _dialects(**options: Any) -> None:
    from minicvt.accounting import commands

    commands.dialects(**options)


def _dialects_options(parser: ArgumentParser) -> None:
    add = parser.add_argument
    add("model", metavar="MODEL", nargs="?", default="cvt-13", help="(%(default)s)")
    add("--image", type=size, metavar="SIZE", help="224, or height x width: 224x192")
    add("--markdown", dest="as_markdown", action="store_true", help="for a document")


def _models(start: str, as_markdown: bool) -> None:
    from minicvt import models

    found = models.catalogue(start)
    print(found.markdown() if as_markdown else found)


def _models_options(parser: ArgumentParser) -> None:
    add = parser.add_argument
    add("start", metavar="NAME", nargs="?", default="", help="or its start, as in vit")
    add("--markdown", dest="as_markdown", action="store_true", help="for a document")


def _diff(
    first: str,
    second: str | None,
    image: tuple[int, int] | None,
    changes: list[tuple[str, Any]],
    as_markdown: bool,
    figure: Path | None,
) -> None:
    from minicvt import models
    from minicvt.errors import OptionError

    if second is None and not changes:
        raise OptionError(f"{first} beside what? Name another, or --set OPTION=VALUE")
    changed = models.variant(second or first, **dict(changes))
    found = models.diff(first, changed, image)
    if figure is not None:
        from minicvt import viz

        viz.differences(found).write(figure)
    print(found.markdown() if as_markdown else found)


def _diff_options(parser: ArgumentParser) -> None:
    add = parser.add_argument
    add("first", metavar="MODEL", help="a name, as in cvt-13")
    add("second", metavar="OTHER", nargs="?", help="another; or change the first")
    add(
        "--set",
        dest="changes",
        type=option,
        action="append",
        default=[],
        metavar="OPTION=VALUE",
        help="change the second, as in stem=cmt; may be repeated",
    )
    add("--image", type=size, metavar="SIZE", help="224, or height x width: 224x192")
    add("--markdown", dest="as_markdown", action="store_true", help="for a document")
    add("--figure", type=Path, metavar="FILE", help="draw it too: .png, .svg, .pdf")


def _explain(**options: Any) -> None:
    from minicvt.interpret.explain import explain

    explain(**options)


def _explain_options(parser: ArgumentParser) -> None:
    add = parser.add_argument
    add("picture", metavar="PICTURE", nargs="?", help="JPEG, PNG, WebP, GIF or BMP")
    add("--sample", type=natural, metavar="N", help="a held-out one instead (0)")
    add("--checkpoint", "--model", default="cvt-rgb32-mid", metavar="NAME")
    add("--dialect", metavar="NAME", help="instead of the checkpoint's: microsoft, hf")
    add("--size", type=positive, metavar="N", help="of the picture to the model")
    add("--out", type=Path, default=Path("out/explain/index.html"), metavar="FILE")
    add("--open", dest="show", action="store_true", help="open the page at the end")


def _faithful(**options: Any) -> None:
    from minicvt.interpret import commands

    commands.faithful(**options)


def _faithful_options(parser: ArgumentParser) -> None:
    add = parser.add_argument
    add("names", metavar="MODEL", nargs="+", help="trained, as in cvt-rgb32-mid")
    add("--images", type=positive, default=400, metavar="N", help="(%(default)s)")
    add("--page", dest="page_file", type=Path, metavar="FILE", help="write it there")
    add("--keep", dest="keep_in", type=Path, metavar="DIR", help="for explain to quote")


def _doctor() -> None:
    from minicvt import doctor

    print(doctor.report())


COMMANDS = {
    "tour": Command(
        "start here",
        "train a CvT on real digits in a minute and write an illustrated page",
        _tour,
        _tour_options,
    ),
    "train": Command(
        "train",
        "train a recipe over seeds, with an interval; resumes if stopped",
        _train,
        _train_options,
    ),
    "classify": Command(
        "classify",
        "what is in your pictures, by any checkpoint",
        _classify,
        _classify_options,
    ),
    "evaluate": Command(
        "classify",
        "accuracy over a folder of pictures, dialects paired; resumes",
        _evaluate,
        _evaluate_options,
    ),
    "count": Command(
        "look",
        "parameters and multiply-adds of a model, without running it",
        _count,
        _count_options,
    ),
    "models": Command(
        "look",
        "every model there is, its costs, and its published accuracy",
        _models,
        _models_options,
    ),
    "diff": Command(
        "look",
        "two models side by side, with what each difference costs",
        _diff,
        _diff_options,
    ),
    "dialects": Command(
        "look",
        "how implementations of CvT differ, and what each difference does",
        _dialects,
        _dialects_options,
    ),
    **counting.COMMANDS,
    **verifying.COMMANDS,
    **checking.COMMANDS,
    **auditing.COMMANDS,
    "explain": Command(
        "look",
        "a page to explore what a model attends to in your picture",
        _explain,
        _explain_options,
    ),
    "faithful": Command(
        "look",
        "whether attention tells where a model looks, beside controls",
        _faithful,
        _faithful_options,
    ),
    **benching.COMMANDS,
    "doctor": Command(
        "this machine",
        "versions, threads, compiled kernels, and what is missing",
        _doctor,
    ),
}
