"""One chapter: run, printed, and what it leaves for programs and for the bars."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from minicvt.bench import cold, growth, writing
from minicvt.bench.cases import EAGER, Asked
from minicvt.bench.chapters import CHAPTERS
from minicvt.bench.comparing import Outcome, compared
from minicvt.bench.couples import Setting
from minicvt.bench.known import PEERS
from minicvt.bench.page import Page, note
from minicvt.bench.short import HEADERS, Short, shorts


@dataclass(frozen=True)
class Run:
    """What a chapter was: everything seen, for JSON, and its bars."""

    told: dict[str, Any]
    bars: tuple[Short, ...] = ()


def chapter(
    page: Page, word: str, asked: Asked, against: Sequence[str], setting: Setting
) -> Run:
    """Run and print one word's table, and what else it has to say."""
    page.say(CHAPTERS[word].says)
    found = _found(word, asked, against, setting)
    note("")
    versions = writing.versions(found)
    if versions:
        page.say(f"With {versions}.")
    headers = writing.HEADERS if any(x.bar for x in found) else writing.HEADERS[:5]
    rows = [row[: len(headers)] for row in writing.rows(found)]
    if rows:
        page.table(headers, rows)
    for words in writing.notes(found):
        page.say(words)
    more = MORE[word](page, found, setting.threads) if word in MORE else Run({})
    told = {"outcomes": [*map(writing.plain, found)], **more.told}
    return Run(told, (*shorts(found), *more.bars))


def _found(
    word: str, asked: Asked, against: Sequence[str], setting: Setting
) -> list[Outcome]:
    """Run a chapter's cases beside those named, else those whom a bar is about."""
    chapter = CHAPTERS[word]
    cases, setting = chapter.cases(asked), replace(setting, turn=chapter.turn)
    found: list[Outcome] = []
    for name in against or PEERS:
        theirs = [case for case in cases if against or name in {EAGER, *case.bars}]
        found += compared(chapter, theirs, name, setting)
    return found


def _grown(page: Page, found: Sequence[Outcome], width: int) -> Run:
    """Say whether growing makes it worse, and what attention takes of memory."""
    trends = list(growth.trends(found))
    if trends:
        page.say(growth.WORSE)
        page.table(growth.TREND, trends)
    rows, power = growth.attention_memory(width)
    page.say(growth.TAKEN.format(power=power))
    page.table(growth.KEPT, rows)
    told = {"trends": trends, "attention": rows, "exponent": power}
    return Run(told, (*map(growth.bar, trends), growth.bar_of_memory(power)))


def _cold(page: Page, found: Sequence[Outcome], width: int) -> Run:
    """Say what compiling costs, once."""
    seconds = dict(cold.cold_start(width))
    bars = tuple(cold.bar(*item) for item in seconds.items())
    page.say(cold.SAYS)
    page.table(HEADERS[1:], [bar.row() for bar in bars])
    return Run({"cold": seconds}, bars)


MORE = {"growth": _grown, "start": _cold}
"""What a chapter has below its table."""
