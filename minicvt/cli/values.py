"""How the values of options are read: each error says what was expected and came."""

from __future__ import annotations

from argparse import ArgumentTypeError
from ast import literal_eval
from itertools import pairwise
from typing import Any

FLAGS = {"true": "True", "false": "False"}
MOST_SEEDS = 1000  # as a range is written out: 0-99999999999 would fill the memory


def increasing(text: str) -> list[int]:
    """Read "128,256,512": whole numbers from 1, each larger than the one before."""
    found = [positive(part) for part in text.split(",")]
    if any(a >= b for a, b in pairwise(found)):
        raise ArgumentTypeError(f"expected sizes, each larger, got {text!r}")
    return found


def names(text: str) -> list[str]:
    """Read "microsoft,hf"."""
    found = text.split(",")
    if not all(found) or len(set(found)) < len(found):
        raise ArgumentTypeError(f"expected names, each once, got {text!r}")
    return found


def natural(text: str) -> int:
    """Read a whole number from 0."""
    if not text.isdecimal():
        raise ArgumentTypeError(f"expected a whole number from 0, got {text!r}")
    return int(text)


def option(text: str) -> tuple[str, Any]:
    """Read "stem=cmt", "kv_stride=1", "cls=false" or "dims=24,48".

    A word that is no value of Python's stays a word.
    """
    name, equals, value = text.partition("=")
    if not (name and equals and value):
        raise ArgumentTypeError(f"expected option=value, got {text!r}")
    try:
        return name, literal_eval(FLAGS.get(value, value))
    except (ValueError, SyntaxError):
        return name, value


def positive(text: str) -> int:
    """Read a whole number from 1."""
    if not text.isdecimal() or int(text) == 0:
        raise ArgumentTypeError(f"expected a whole number from 1, got {text!r}")
    return int(text)


def seeds(text: str) -> list[int]:
    """Read "0-4", "3" or "0,2,5"."""
    found: list[int] = []
    for part in text.split(","):
        first, dash, last = part.partition("-")
        if not first.isdecimal() or (dash and not last.isdecimal()):
            raise ArgumentTypeError(f"expected 0-4, 3 or 0,2,5, got {text!r}")
        some = range(int(first), int(last if dash else first) + 1)
        if some[MOST_SEEDS:]:
            raise ArgumentTypeError(f"expected up to {MOST_SEEDS} seeds, got {text!r}")
        found += some
    if not found or len(set(found)) < len(found):
        raise ArgumentTypeError(f"expected seeds, each once, got {text!r}")
    return found


def size(text: str) -> tuple[int, int]:
    """Read "224" or "224x192" as (height, width)."""
    sides = text.lower().split("x")
    if len(sides) > 2 or not all(side.isdecimal() and int(side) for side in sides):
        raise ArgumentTypeError(f"expected 224 or 224x192, got {text!r}")
    return int(sides[0]), int(sides[-1])
