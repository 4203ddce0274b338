"""What ``minicvt bench`` runs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from minicvt import threads as our_threads
from minicvt.bench import cold, growth, profiles, writing
from minicvt.bench.cases import EAGER, Asked
from minicvt.bench.chapters import CHAPTERS
from minicvt.bench.comparing import Outcome, compared
from minicvt.bench.couples import Setting
from minicvt.bench.known import PEERS
from minicvt.bench.machine import described
from minicvt.bench.page import Page, note
from minicvt.bench.pairs import PAUSE
from minicvt.bench.ratios import RULE
from minicvt.errors import OptionError, unknown
from minicvt.files import write_atomic

ROUNDS, PROCESSES = 9, 3
ALL, PROFILE = "all", "profile"
WORDS = (*CHAPTERS, PROFILE)
TITLE = "How fast it is"
HOW = (
    "Medians [quartiles] of paired ratios, ours over theirs: lower is better. Rounds: "
    "{rounds}; pairs of processes that share them: {processes}; threads of each party: "
    "{threads}. Each party is a process of its own; they take turns, who goes first "
    "alternating, {pause} s apart. Weights, images and labels are the same, and so are "
    "the answers, or there is no ratio."
)


def bench(
    what: Sequence[str],
    against: Sequence[str] = (),
    threads: int | None = None,
    rounds: int = ROUNDS,
    processes: int = PROCESSES,
    batches: Sequence[int] = (),
    size: int = Asked.size,
    kv_stride: int = Asked.kv_stride,
    python: str | None = None,
    json_file: Path | None = None,
    as_markdown: bool = False,
    picture: Path | None = None,
) -> None:
    """Print how long we take beside others, for each word of ``what``.

    Beside those named in ``against``, else torch eager and whom a bar is about.
    Raises ``UnknownName``, ``OptionError``, ``OSError`` for a Python or a file that
    is not there, and ``MissingPackage`` where there is no matplotlib for the picture.
    """
    words = chosen(what)
    for name in against:
        if name not in PEERS:
            raise unknown("peer", name, PEERS)
    if picture is not None:
        from minicvt import viz  # noqa: F401 - before what takes minutes
    width = threads or our_threads.available()
    setting = Setting(rounds, processes, width, python, note=note)
    asked = Asked(batches, size, kv_stride)
    page = Page(as_markdown)
    page.title(TITLE, 1)
    if words != [PROFILE]:
        _rules(page, setting)
    page.table(("machine", ""), described().items())
    told: dict[str, Any] = {}
    for word in words:
        page.title(word)
        if word == PROFILE:
            told[word] = profiles.chapter(page, asked, width, rounds, picture)
        else:
            told[word] = _chapter(page, word, asked, against, setting)
    if json_file is not None:
        content = json.dumps({"machine": described(), **told}, indent=1)
        write_atomic(json_file, (content + "\n").encode())


def chosen(what: Sequence[str]) -> list[str]:
    """Return the words asked for, each once; all of them for "all"."""
    for word in what:
        if word not in (*WORDS, ALL):
            raise unknown("work", word, (*WORDS, ALL))
    if not what:
        raise OptionError(f"bench: what? {', '.join(WORDS)}, or {ALL}")
    return list(WORDS) if ALL in what else list(dict.fromkeys(what))


def _rules(page: Page, setting: Setting) -> None:
    page.say(
        HOW.format(
            rounds=setting.rounds,
            processes=len(setting.shares()),
            threads=setting.threads,
            pause=PAUSE,
        )
    )
    page.say(RULE)


def _chapter(
    page: Page, word: str, asked: Asked, against: Sequence[str], setting: Setting
) -> dict[str, Any]:
    """Run and print one word's table, and return all that was seen."""
    chapter = CHAPTERS[word]
    page.say(chapter.says)
    cases, setting = chapter.cases(asked), replace(setting, turn=chapter.turn)
    found: list[Outcome] = []
    for name in against or PEERS:
        theirs = [case for case in cases if against or name in {EAGER, *case.bars}]
        found += compared(chapter, theirs, name, setting)
    note("")
    versions = writing.versions(found)
    if versions:
        page.say(f"With {versions}.")
    page.table(writing.HEADERS, writing.rows(found))
    for words in writing.notes(found):
        page.say(words)
    told: dict[str, Any] = {"outcomes": [*map(writing.plain, found)]}
    more = MORE.get(word)
    return told | (more(page, found, setting.threads) if more else {})


def _grown(page: Page, found: Sequence[Outcome], width: int) -> dict[str, Any]:
    """Say whether growing makes it worse, and what attention takes of memory."""
    trends = list(growth.trends(found))
    if trends:
        page.say(growth.WORSE)
        page.table(growth.TREND, trends)
    rows, power = growth.attention_memory(width)
    page.say(growth.TAKEN.format(power=power))
    page.table(growth.KEPT, rows)
    return {"trends": trends, "attention": rows, "exponent": power}


def _cold(page: Page, found: Sequence[Outcome], width: int) -> dict[str, Any]:
    """Say what compiling costs, once."""
    seconds = dict(cold.cold_start(width))
    page.say(cold.SAYS)
    page.table(cold.HEADERS, [cold.row(*item) for item in seconds.items()])
    return {"cold": seconds}


MORE = {"growth": _grown, "start": _cold}
"""What a chapter has below its table."""
