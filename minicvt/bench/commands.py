"""What ``minicvt bench`` runs."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from minicvt import threads as our_threads
from minicvt.bench import profiles, running, short
from minicvt.bench.cases import EAGER, Asked
from minicvt.bench.chapters import CHAPTERS
from minicvt.bench.couples import Setting
from minicvt.bench.introduction import WHAT, introduce
from minicvt.bench.known import PEERS, missing
from minicvt.bench.machine import described
from minicvt.bench.page import Page, note
from minicvt.bench.pairs import PAUSE
from minicvt.bench.ratios import RULE
from minicvt.bench.running import Run
from minicvt.bench.writing import MEANS
from minicvt.errors import OptionError, unknown
from minicvt.files import write_atomic

ROUNDS, PROCESSES = 9, 3
ALL, PROFILE = "all", "profile"
WORDS = (*CHAPTERS, PROFILE)
TITLE = "How fast it is"
MEASURED = "How it was measured"
HOW = (
    "Medians [quartiles] of paired ratios, ours over theirs: lower is better. Rounds: "
    "{rounds}; pairs of processes that share them: {processes}; threads of each party: "
    "{threads}. Each party is a process of its own; they take turns, who goes first "
    "alternating, {pause} s apart. Weights, images and labels are the same, and so are "
    "the answers, or there is no ratio."
)
MANY = (
    "There are more threads than the cores that may be used, {cores}: they wait for "
    "each other, and no ratio here says much."
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
    _checked(against, python, picture)
    width = threads or our_threads.available()
    setting = Setting(rounds, processes, width, python, note=note)
    asked = Asked(batches, size, kv_stride)
    runs: dict[str, Run] = {}
    _keep(json_file, runs)  # what cannot be written is noticed now
    page = Page(as_markdown)
    place = _begin(page, words, setting)
    for word in words:
        page.title(word)
        if word == PROFILE:
            runs[word] = profiles.chapter(page, asked, width, rounds, picture)
        else:
            runs[word] = running.chapter(page, word, asked, against, setting)
        _keep(json_file, runs)
    _end(page, place, runs)


def chosen(what: Sequence[str]) -> list[str]:
    """Return the words asked for, each once; all of them for "all"."""
    for word in what:
        if word not in (*WORDS, ALL):
            raise unknown("work", word, (*WORDS, ALL))
    if not what:
        raise OptionError(f"bench: what? {', '.join(WORDS)}, or {ALL}")
    return list(WORDS) if ALL in what else list(dict.fromkeys(what))


def _checked(against: Sequence[str], python: str | None, picture: Path | None) -> None:
    """Raise for what would otherwise fail after minutes."""
    for name in against:
        if name not in PEERS:
            raise unknown("peer", name, PEERS)
    if python is not None:
        missing(PEERS[EAGER], python)
    if picture is not None:
        from minicvt import viz

        viz.Picture().kind_of(picture)


def _begin(page: Page, words: Sequence[str], setting: Setting) -> int:
    """Say what is measured, how, and on what; return where a summary has its place."""
    page.title(TITLE, 1)
    if page.as_markdown:
        page.say(WHAT)
    place = len(page.pieces)
    if page.as_markdown:
        introduce(page)
        page.title(MEASURED)
    if words != [PROFILE]:
        _rules(page, setting)
    page.table(("machine", ""), described().items())
    if setting.threads > our_threads.available():
        page.say(MANY.format(cores=our_threads.available()))
    return place


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
    page.say(MEANS)


def _end(page: Page, place: int, runs: Mapping[str, Run]) -> None:
    """Sum up several chapters: after them, or in a document at its place."""
    summary = Page(page.as_markdown)
    if len(runs) > 1:
        short.tell(summary, {word: run.bars for word, run in runs.items()})
    if page.as_markdown:
        page.pieces[place:place] = summary.pieces
        print(page)


def _keep(file: Path | None, runs: Mapping[str, Run]) -> None:
    """Write what has been seen so far."""
    if file is not None:
        seen = {word: run.told for word, run in runs.items()}
        content = json.dumps({"machine": described(), **seen}, indent=1)
        write_atomic(file, (content + "\n").encode())
