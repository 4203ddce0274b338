"""One self-contained HTML page: figures as SVG inside it, tables, words, no requests.

Each function returns a piece of HTML; `document` puts pieces together. The page
follows the reader's light or dark setting: figures are transparent, and the colours of
their words and lines are variables of the style sheet.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from html import escape
from importlib.resources import files
from itertools import count
from typing import Any

from minicvt import tables
from minicvt.viz.style import BLUE, FAINT, INK, MUTED, ORANGE, Picture

THEMED = {
    **{INK: "currentColor", MUTED: "var(--muted)", FAINT: "var(--line)"},
    **{BLUE: "var(--blue)", ORANGE: "var(--orange)"},
}
ID = re.compile(r'\bid="|url\(#|href="#')
CODE = re.compile(r"`([^`]+)`")

_numbers = count(1)


def heading(words: str, level: int = 2) -> str:
    """Return a heading."""
    return f"<h{level}>{escape(words)}</h{level}>"


def prose(words: str, kind: str = "") -> str:
    """Return paragraphs, which empty lines separate; `back-ticks` mean code."""
    marked = CODE.sub(r"<code>\1</code>", escape(words.strip(), quote=False))
    opening = f'<p class="{kind}">' if kind else "<p>"
    return "".join(f"{opening}{text}</p>" for text in marked.split("\n\n"))


def figure(picture: Picture, caption: str | None = None) -> str:
    """Return a figure with its description and caption (its own by default)."""
    words = picture.caption if caption is None else caption
    under = f"<figcaption>{escape(words)}</figcaption>" if words else ""
    return f"<figure>{inline(picture)}{under}</figure>"


def inline(picture: Picture) -> str:
    """Return a figure as an SVG element that takes the page's colours.

    Every id gets a prefix of its own, since many figures share one page.
    """
    prefix = f"f{next(_numbers)}-"
    svg = ID.sub(lambda match: match[0] + prefix, picture.svg(paper="none"))
    for colour, variable in THEMED.items():
        svg = svg.replace(colour, variable)
    label = f'role="img" aria-label="{escape(picture.alt)}"'
    return f'<div class="plot">{svg.replace("<svg ", f"<svg {label} ", 1)}</div>'


def table(
    headers: Sequence[str], rows: Iterable[Sequence[Any]], caption: str = ""
) -> str:
    """Return a table; numbers are set flush right, the last row may be "total"."""
    return f'<div class="scroll">{tables.html(headers, rows, caption)}</div>'


def columns(*pieces: str) -> str:
    """Put pieces side by side where there is room, one below the other elsewhere."""
    return f'<div class="columns">{"".join(f"<div>{p}</div>" for p in pieces)}</div>'


def card(*pieces: str) -> str:
    """Frame pieces that belong together."""
    return f'<section class="card">{"".join(pieces)}</section>'


def document(
    title: str, pieces: Iterable[str], lang: str = "en", head: str = ""
) -> str:
    """Return the whole page; ``head`` goes to the end of its head."""
    style = files("minicvt.viz").joinpath("page.css").read_text(encoding="utf-8")
    return (
        f'<!doctype html>\n<html lang="{lang}">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f"<title>{escape(title)}</title>\n<style>\n{style}</style>\n{head}</head>\n"
        "<body>\n" + "\n".join(["<main>", *pieces, "</main>"]) + "\n</body>\n</html>\n"
    )
