"""All variants: what they cost, counted, and what was published of them, quoted."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from textwrap import fill
from typing import Any, NamedTuple

from minicvt.errors import unknown
from minicvt.models.compare.published import PUBLISHED, SOURCES, Published
from minicvt.models.config import Config
from minicvt.models.costs import Cost, costs
from minicvt.models.registry import PAPERS, VARIANTS
from minicvt.tables import markdown, table

IMAGENET = Config.num_classes
COLUMNS = ("model", "image", "parameters", "MACs", "paper", "from")
SMALL = "Small ones, to learn with: nothing is published of them"
HOW = (
    "Parameters and multiply-adds are counted by shapes, for one image. The column "
    '"paper" has top-1 accuracy in percent on ImageNet-1k as its source prints it, '
    "after training on ImageNet-1k alone unless said otherwise; it was not measured "
    "here."
)
WIDTH = 100


class Listed(NamedTuple):
    """A variant at one size of image, what it costs, and perhaps its accuracy."""

    config: Config
    cost: Cost
    published: Published | None

    @property
    def group(self) -> str:
        """The paper it is of, by title; small ones are a group of their own."""
        if self.config.num_classes != IMAGENET:
            return SMALL
        words = sys.modules[type(self.config).__module__].__doc__ or self.config.paper
        return words.splitlines()[0].rstrip(".")

    def cells(self) -> tuple[Any, ...]:
        """Return a row of ``COLUMNS``."""
        height, width = self.config.image
        image = height if height == width else f"{height} x {width}"
        start = (self.config.name, image, *self.cost)
        if self.published is None:
            return (*start, "-", "")
        _, _, top_1, source, how = self.published
        return (*start, top_1, f"{source}: {how}" if how else source)


@dataclass(frozen=True, repr=False)
class Catalogue:
    """What is listed, by paper: prints as a table."""

    rows: tuple[Listed, ...]

    def text(self) -> str:
        """Lay it out for a terminal."""
        cells = [row.cells() for row in self.rows]
        header, rule, *lines = table(COLUMNS, cells).splitlines()
        laid = iter(lines)
        parts = [f"{header}\n{rule}"]
        for title, group in groupby(self.rows, lambda row: row.group):
            parts.append("\n".join([title, *(next(laid) for _ in group)]))
        return "\n\n".join([*parts, fill(HOW, WIDTH), "\n".join(self.sources())])

    def markdown(self) -> str:
        """Lay it out for a document, a table a paper."""
        parts = ["# Models", HOW]
        for title, group in groupby(self.rows, lambda row: row.group):
            cells = [row.cells() for row in group]
            parts += [f"## {title}", markdown(COLUMNS, cells)]
        sources = "\n".join(f"- {line}" for line in self.sources())
        return "\n\n".join([*parts, *(["## Sources", sources] if sources else [])])

    def sources(self) -> list[str]:
        """Say where the accuracies were read."""
        used = {row.published.source for row in self.rows if row.published}
        return [f"{name}: {where}" for name, where in SOURCES.items() if name in used]

    __repr__ = text
    _repr_markdown_ = markdown


def catalogue(start: str = "") -> Catalogue:
    """List the variants whose names begin with ``start``: "vit", "cvt-13".

    Each stands at its usual size of image, and at every other one that an accuracy
    was published for. Raises ``UnknownName`` where no name begins so.
    """
    named = [config for name, config in VARIANTS.items() if name.startswith(start)]
    if not named:
        raise unknown("model or paper", start, [*PAPERS, *VARIANTS])
    named.sort(key=lambda config: config.num_classes != IMAGENET)
    return Catalogue(tuple(row for config in named for row in _rows(config)))


def _rows(config: Config) -> Iterator[Listed]:
    known = sorted(p for p in PUBLISHED if p.name == config.name)
    usual = config.image[0] in {p.side for p in known}
    for published in [*([] if usual else [None]), *known]:
        sized = config.override(image=(published.side,) * 2) if published else config
        yield Listed(sized, costs(sized).total, published)
