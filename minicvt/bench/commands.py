"""What ``minicvt bench`` runs."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from textwrap import fill

from minicvt import threads as our_threads
from minicvt.bench import writing
from minicvt.bench.cases import EAGER, Asked
from minicvt.bench.chapters import CHAPTERS
from minicvt.bench.comparing import Outcome, compared
from minicvt.bench.known import PEERS
from minicvt.bench.machine import described
from minicvt.bench.pairs import PAUSE, Setting
from minicvt.bench.ratios import RULE
from minicvt.errors import OptionError, unknown
from minicvt.files import write_atomic
from minicvt.tables import markdown, table

WIDTH = 88
ROUNDS, PROCESSES = 9, 3
ALL = "all"
TITLE = "How fast it is"
HOW = (
    "Medians [quartiles] of paired ratios, ours over theirs, lower is better: {rounds} "
    "rounds in {processes} pairs of processes. Each party is a process of its own with "
    "{threads} threads; they take turns of {turn} s or more, who goes first "
    "alternating, {pause} s apart. Weights, images and labels are the same, and so are "
    "the answers, or there is no ratio."
)
"""Filled in when it is printed."""


def bench(
    what: Sequence[str],
    against: Sequence[str] = (EAGER,),
    threads: int | None = None,
    rounds: int = ROUNDS,
    processes: int = PROCESSES,
    batches: Sequence[int] = (),
    size: int = Asked.size,
    kv_stride: int = Asked.kv_stride,
    python: str | None = None,
    json_file: Path | None = None,
    as_markdown: bool = False,
) -> None:
    """Print how long we take beside others, for each word of ``what``.

    Raises ``UnknownName``, ``OptionError``, and ``OSError`` for a Python or a file
    that is not there.
    """
    words = chosen(what)
    for name in against:
        if name not in PEERS:
            raise unknown("peer", name, PEERS)
    setting = Setting(
        rounds, processes, threads or our_threads.available(), python, note=_note
    )
    asked = Asked(batches, size, kv_stride)
    _head(setting, as_markdown)
    found: list[Outcome] = []
    for word in words:
        found += _chapter(word, asked, against, setting, as_markdown)
    if json_file is not None:
        told = {"machine": described(), "outcomes": [*map(writing.plain, found)]}
        write_atomic(json_file, (json.dumps(told, indent=1) + "\n").encode())


def chosen(what: Sequence[str]) -> list[str]:
    """Return the words asked for, each once; all of them for "all"."""
    for word in what:
        if word not in (*CHAPTERS, ALL):
            raise unknown("work", word, (*CHAPTERS, ALL))
    if not what:
        raise OptionError(f"bench: what? {', '.join(CHAPTERS)}, or {ALL}")
    return list(CHAPTERS) if ALL in what else list(dict.fromkeys(what))


def _head(setting: Setting, as_markdown: bool) -> None:
    print(f"{'# ' * as_markdown}{TITLE}\n")
    _say(
        HOW.format(
            rounds=setting.rounds,
            processes=len(setting.shares()),
            threads=setting.threads,
            turn=setting.turn,
            pause=PAUSE,
        )
    )
    _say(RULE)
    write = markdown if as_markdown else table
    print(write(("machine", ""), described().items()) + "\n", flush=True)


def _chapter(
    word: str,
    asked: Asked,
    against: Sequence[str],
    setting: Setting,
    as_markdown: bool,
) -> list[Outcome]:
    """Run and print one word's table."""
    chapter = CHAPTERS[word]
    cases = chapter.cases(asked)
    found = [x for name in against for x in compared(chapter, cases, name, setting)]
    _note("")
    write = markdown if as_markdown else table
    print(f"{'## ' * as_markdown}{word}\n")
    _say(chapter.says)
    print(write(writing.HEADERS, writing.rows(found)) + "\n", flush=True)
    for note in writing.notes(found):
        _say(note)
    return found


def _say(words: str) -> None:
    print(fill(words, WIDTH) + "\n")


def _note(words: str) -> None:
    """Show how far it is on one line of a terminal, which is rewritten."""
    if sys.stderr.isatty():
        print(f"\r\033[K{words}", end="", file=sys.stderr, flush=True)
