"""Two models side by side, part by part, with what each difference costs.

Six papers are small changes to one block, and this is the table that shows it::

    diff("cvt-13", "pvt-small")
    diff("deit-tiny", variant("deit-tiny", stem="cmt"))

What each chose stands in words (:mod:`minicvt.models.compare.choices`), and beside it
what the second has more of in that part: parameters, and multiply-adds for one image.
Costs are attributed by place: every parameter and every operation belongs to the one
part that its path names (:mod:`minicvt.models.parts`), so that the column adds up to
the difference of the wholes. Where one argument was changed it is the cause of them
all, in whatever part they show. Of two papers depth and width show in every part, and
what both chose alike may cost them differently.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from textwrap import fill
from typing import Any, TypeAlias

from minicvt.models.architecture import Architecture
from minicvt.models.compare.choices import choices
from minicvt.models.config import Config
from minicvt.models.costs import Cost, Costs, Size, costs
from minicvt.models.registry import label, variant
from minicvt.tables import folded, markdown, table

WIDTH = 100  # columns of a terminal
ALIKE, NOTHING = "the same", "none"
BLOCK = (
    "Both are stages of one block, x + attention(LayerNorm(x)) and then x + "
    "MLP(LayerNorm(x)); this is what each fills it with."
)
Table: TypeAlias = tuple[tuple[str, ...], list[tuple[Any, ...]]]


@dataclass(frozen=True)
class Row:
    """One part: what each model chose, and what it costs each, if anything can."""

    part: str
    words: tuple[str, str]
    costs: tuple[Cost, Cost] | None = None

    @property
    def more(self) -> Cost:
        """What the second costs more than the first."""
        return Cost() if self.costs is None else self.costs[1].less(self.costs[0])

    @property
    def alike(self) -> bool:
        """Whether both chose the same."""
        return self.words[0] == self.words[1]

    @property
    def same(self) -> bool:
        """Whether nothing differs, neither the choice nor its cost."""
        return self.alike and not any(self.more)


@dataclass(frozen=True, repr=False)
class Difference:
    """Two models: their names, their costs, a row for each part.

    ``one_block`` is whether both are stages of the block that the papers share.
    """

    names: tuple[str, str]
    costs: tuple[Costs, Costs]
    rows: tuple[Row, ...]
    one_block: bool

    @property
    def total(self) -> Row:
        """Both models as wholes, with the keys and values of all their blocks."""
        a, b = self.costs
        words = [
            f"{c.total.parameters:,} parameters\n{c.total.macs:,} MACs\n"
            f"{c.kv_tokens:,} K/V tokens"
            for c in (a, b)
        ]
        return Row("in all", (words[0], words[1]), (a.total, b.total))

    @property
    def title(self) -> str:
        """Which models, and at which size of image."""
        a, b = (f"{c.image[0]} x {c.image[1]}" for c in self.costs)
        first, second = self.names
        if a == b:
            return f"{first} and {second}, at {a}"
        return f"{first} at {a} and {second} at {b}"

    @property
    def how(self) -> str:
        """How to read it, in a sentence or two."""
        more = "Parameters and MACs are what the second has more."
        return f"{BLOCK} {more}" if self.one_block else more

    @property
    def same(self) -> str:
        """What does not differ, and what neither has."""
        alike = [row for row in self.rows if row.same]
        said = [f"{r.part} ({r.words[0]})" for r in alike if r.words[0] != NOTHING]
        absent = [row.part for row in alike if row.words[0] == NOTHING]
        both = f"The same in both: {'; '.join(said) or 'nothing'}."
        neither = f" Neither has: {', '.join(absent)}." if absent else ""
        return (both + neither).replace("\n", " / ")

    def differing(self) -> Table:
        """Return headers and rows of what differs, and what that costs."""
        shown = [row for row in self.rows if not row.same]
        rows = [
            (r.part, r.words[0], ALIKE if r.alike else r.words[1], *_signed(r))
            for r in (*shown, self.total)
        ]
        return ("part", *self.names, "parameters", "MACs"), rows

    def costing(self) -> Table:
        """Return headers and rows of what each part costs in each model."""
        counted = [(r.part, *r.costs) for r in (*self.rows, self.total) if r.costs]
        rows = [
            (part, a.parameters, b.parameters, a.macs, b.macs) for part, a, b in counted
        ]
        what = [f"{unit}\n{n}" for unit in ("parameters", "MACs") for n in self.names]
        return ("part", *what), [row for row in rows if any(row[1:])]

    def kv_tokens(self) -> Table:
        """Return headers and rows of the keys of each stage, and of all blocks."""
        a, b = ({k: t.keys for k, t in c.by_stage().items()} for c in self.costs)
        places = sorted({*a, *b}, key=_place)
        rows = [(_place(p)[1], a.get(p, "-"), b.get(p, "-")) for p in places]
        total = [counted.kv_tokens for counted in self.costs]
        return ("K/V tokens", *self.names), [*rows, ("in all blocks", *total)]

    def text(self) -> str:
        """Return all of it for a terminal, 100 columns wide."""
        tables = (self.differing(), self.costing(), self.kv_tokens())
        first, *rest = [table(*folded(*laid, WIDTH)) for laid in tables]
        how, same = (fill(sentence, WIDTH) for sentence in (self.how, self.same))
        return "\n\n".join([self.title, how, first, same, *rest])

    def markdown(self) -> str:
        """Return all of it for a document."""
        tables = (self.differing(), self.costing(), self.kv_tokens())
        first, *rest = [markdown(*laid) for laid in tables]
        return "\n\n".join([f"# {self.title}", self.how, first, self.same, *rest])

    __repr__ = text
    _repr_markdown_ = markdown


def diff(a: str | Config, b: str | Config, image: Size | None = None) -> Difference:
    """Compare two variants, or configurations from :func:`variant`.

    Each is counted at its own size of image unless ``image`` is given. The answer
    prints as tables; ``minicvt.viz.differences`` draws it. Raises ``UnknownName``.
    """
    found = [variant(model) if isinstance(model, str) else model for model in (a, b)]
    first, second = (c.override(image=image or c.image) for c in found)
    said = choices(first), choices(second)
    counted = costs(first), costs(second)
    rows = [_row(part, said, counted) for part in dict.fromkeys([*said[0], *said[1]])]
    blocks = all(isinstance(config, Architecture) for config in (first, second))
    return Difference((label(first), label(second)), counted, tuple(rows), blocks)


def _row(
    part: str, said: tuple[dict[str, str], dict[str, str]], counted: tuple[Costs, Costs]
) -> Row:
    words = said[0].get(part, NOTHING), said[1].get(part, NOTHING)
    a, b = (c.parts.get(part) for c in counted)
    spent = None if a is b is None else (a or Cost(), b or Cost())
    return Row(part, words, spent)


def _signed(row: Row) -> Iterable[str]:
    """Write the parameters and MACs of the difference, each with its sign."""
    if row.costs is None:
        return ("", "")
    return [f"{n:+,}" if n else "0" for n in row.more]


def _place(path: str) -> tuple[int, str]:
    """Order the places of attention, and say them; in words stages count from 1."""
    number = int("".join(filter(str.isdigit, path)) or 0)
    if path.startswith("stem"):
        return 0, f"stem, layer {number}"
    return (1, f"stage {number + 1}") if path.startswith("stage") else (2, path)
