"""The errors minicvt raises: one line each, with what was expected and what came.

A checkpoint that does not fit adds, below that line, a table of what does not.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


class MinicvtError(Exception):
    """Any error whose message is meant for the person at the keyboard."""


class ShapeError(MinicvtError, ValueError):
    """Shapes that do not fit together."""


class DtypeError(MinicvtError, TypeError):
    """A dtype other than the one the model runs in."""


class UnknownName(MinicvtError, ValueError):
    """A name that is in no table; the message gives the nearest that is."""


class OptionError(MinicvtError, ValueError):
    """An option outside its range."""


class CheckpointError(MinicvtError, ValueError):
    """A file that is damaged, foreign, or belongs to another model."""


class PictureError(MinicvtError, ValueError):
    """A file that holds no picture, or one that cannot be used."""


class GraphError(MinicvtError, RuntimeError):
    """A backward pass that the recorded graph cannot answer truthfully."""


class FoldedError(MinicvtError, RuntimeError):
    """What a model that was folded for inference can no longer do."""


class NotFiniteError(MinicvtError, ArithmeticError):
    """A loss or gradient that became infinite or NaN."""


class WrongGradient(MinicvtError, AssertionError):
    """A gradient that is not the derivative; the message says where."""


class ForeignCodeError(MinicvtError, RuntimeError):
    """Code of yours that ``minicvt check`` ran, and that failed or kept no contract."""


class MissingPackage(MinicvtError, ImportError):
    """An optional package that is not installed; the message says how to get it."""


def unknown(kind: str, name: object, known: Iterable[str]) -> UnknownName:
    """Build the error for ``name``, with the nearest known names beside it.

    Capitals do not make names far apart.
    """
    names = sorted(known)
    plain = {other.casefold() for other in names}
    close = get_close_matches(str(name).casefold(), sorted(plain), n=3, cutoff=0.4)
    near = [other for c in close for other in names if other.casefold() == c]
    known_names = f"known: {', '.join(names) or 'none'}"
    hint = f"did you mean {' or '.join(near)}?" if near else known_names
    return UnknownName(f"unknown {kind} {name!r}: {hint}")
