"""The page: whole HTML, nothing from elsewhere, words for every picture."""

from __future__ import annotations

import re
from collections import Counter
from html.parser import HTMLParser

import numpy as np

from minicvt import viz
from minicvt.viz import page

VOID = {"meta", "br", "hr", "img", "link", "input"}


class Checked(HTMLParser):
    """Parses and keeps what the tests ask about; unbalanced tags fail."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def requests(self) -> list[str]:
        """Addresses a browser would fetch, other than data and places in the page."""
        wanted = ("src", "href", "xlink:href", "srcset", "data")
        values = [a.get(k) or "" for tag, a in self.tags for k in wanted if tag != "a"]
        return [v for v in values if v and not v.startswith(("data:", "#"))]


def figure() -> viz.Picture:
    return viz.gallery(np.eye(4)[None, ..., None], ['a "<4>"'])


def whole() -> str:
    return page.document(
        "A < B",
        [
            page.heading("One & two"),
            page.columns(page.figure(figure()), page.card(page.inline(figure()))),
            page.table(("part", "MACs"), [("x<y", 1234), ("total", 1234)], "costs"),
        ],
    )


def test_it_parses_and_asks_for_nothing():
    html = whole()
    parsed = Checked(html)
    assert parsed.requests() == []
    assert not re.search(r"@import|url\((?!#)|<script", html)


def test_it_has_a_language_a_title_and_a_width():
    tags = Checked(whole()).tags
    assert ("html", {"lang": "en"}) in tags
    names = [attributes.get("name") for tag, attributes in tags if tag == "meta"]
    assert {"viewport", "color-scheme"} <= set(names)
    assert "prefers-color-scheme: dark" in whole()
    assert "<title>A &lt; B</title>" in whole()


def test_every_figure_has_words():
    pictures = [a for tag, a in Checked(whole()).tags if tag == "svg"]
    assert len(pictures) == 2
    assert all(a["role"] == "img" for a in pictures)
    assert all('a "<4>"' in a["aria-label"] for a in pictures)


def test_ids_are_unique_and_found():
    html = whole()
    ids = Counter(a["id"] for _, a in Checked(html).tags if a.get("id"))
    used = set(re.findall(r"url\(#([^)]+)\)", html)) | set(
        re.findall(r'href="#([^"]+)"', html)
    )
    assert used
    assert used <= ids.keys()
    assert set(ids.values()) == {1}


def test_figures_take_the_page_s_colours():
    svg = page.inline(figure())
    assert "var(--muted)" in svg
    assert not any(colour in svg for colour in page.THEMED)


def test_tables_escape_and_set_numbers_right():
    html = page.table(("part", "MACs"), [("x<y", 1234), ("total", 5)])
    assert '<th scope="row">x&lt;y</th><td class="number">1,234</td>' in html
    assert '<tr class="total">' in html


def test_prose_has_paragraphs_and_code():
    assert page.prose("one & `two`\n\nthree") == (
        "<p>one &amp; <code>two</code></p><p>three</p>"
    )
    assert page.prose("one", "note") == '<p class="note">one</p>'
