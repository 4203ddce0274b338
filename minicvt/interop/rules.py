"""One line of a table of names: what a tensor of ours is called elsewhere.

``{i}`` stands for a stage, ``{j}`` for a block, ``{n}`` for another number, ``{x}``
for q, k or v, ``{p}`` for whatever ends a name.
"""

from __future__ import annotations

from typing import NamedTuple

from minicvt.interop.forms import SAME, Form

PARTS = ("weight", "bias")


class Rule(NamedTuple):
    """Our name or names, theirs, and how theirs lies.

    Several of ours are joined by rows. Theirs has this name only in models that have
    the tensor ``beside``, one of ours; without it the next rule that fits says another.
    """

    ours: str | tuple[str, ...]
    theirs: str
    form: Form = SAME
    beside: str = ""

    @property
    def parts(self) -> tuple[str, ...]:
        """Our names, in the order of the rows of theirs."""
        return (self.ours,) if isinstance(self.ours, str) else self.ours


def fused(ours: str, theirs: str, order: str = "qkv", beside: str = "") -> list[Rule]:
    """Projections that they keep in one Linear, its rows in ``order``.

    ``{x}`` in ``ours`` stands for each letter in turn.
    """
    names = [ours.replace("{x}", x) for x in order]
    return [
        Rule(tuple(f"{name}.{p}" for name in names), f"{theirs}.{p}", SAME, beside)
        for p in PARTS
    ]


def shaped(ours: str, theirs: str, form: Form) -> list[Rule]:
    """Rules for a layer whose weight lies in another ``form``, its bias as ours."""
    forms = {"weight": form, "bias": SAME}
    return [Rule(f"{ours}.{p}", f"{theirs}.{p}", forms[p]) for p in PARTS]
