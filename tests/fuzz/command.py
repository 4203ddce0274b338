"""The command: all cells, or one case again."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Iterable, Iterator, Sequence
from time import perf_counter
from typing import Any

import torch

from minicvt.tables import table
from minicvt.verify.operations import Sample
from tests.fuzz.cases import Case, every_case, measure, read, sample
from tests.fuzz.cells import GRID
from tests.fuzz.findings import ENOUGH, Findings, gathered
from tests.fuzz.mistakes import MISTAKES
from tests.fuzz.refusals import Attempt, Refusals, Wrong, call, every_attempt, refused
from tests.fuzz.refusals import read as read_attempt

SAYS = "Every operation against PyTorch, cell by cell; exit 1 where they differ."
SHOWN = 40
"""How many of all that is wrong are printed."""

HEADERS = (
    "operation",
    "cells",
    "cases",
    "float64",
    "float32, units: ours",
    "PyTorch's",
    "refused by both",
    "by us alone",
)


def measured(cases: Iterable[Case], seed: int) -> Iterator[tuple[Case, Any]]:
    """Yield each case with its outcome, or with the error that came instead."""
    for case in cases:
        try:
            yield case, measure(case, seed)
        except Exception as error:
            yield case, error


def tried(attempts: Iterable[Attempt], seed: int) -> Refusals:
    """Try calls with mistakes."""
    refusals = Refusals()
    for attempt in attempts:
        refusals.add(attempt, seed)
    return refusals


def row(found: Findings, refusals: Refusals) -> list[Any]:
    """Lay out the line of one operation."""
    ours, theirs = found.float32_worst()
    refused = refusals.by.get(found.name, {"both": "", "we": ""})
    errors = f"{found.worst[0]:.1e}", f"{ours:.1f}", f"{theirs:.1f}"
    counts = found.name, len(found.counts), found.cases
    return [*counts, *errors, refused["both"], refused["we"]]


def report(found: dict[str, Findings], refusals: Refusals) -> str:
    """Lay out all lines, and the sum."""
    rows = [row(findings, refusals) for findings in found.values()]
    worst = max(findings.worst[0] for findings in found.values())
    sums = [sum(r[i] or 0 for r in rows) for i in (1, 2, 6, 7)]
    rows.append(["total", *sums[:2], f"{worst:.1e}", "", "", *sums[2:]])
    return table(HEADERS, rows)


def whole_run(each: int, seed: int) -> tuple[str, list[Wrong]]:
    """Run ``each`` cases of every cell; return the report and what is wrong."""
    found = gathered(measured(every_case(each), seed))
    refusals = tried(every_attempt(each), seed)
    wrong = refusals.wrong + (refusals.unmet() if each >= ENOUGH else [])
    for name in GRID:
        findings = found.get(name, Findings(name))
        wrong += findings.failures() + findings.thin_cells(each)
    return report(found, refusals), wrong


def again(text: str, seed: int) -> None:
    """Run one case, and print its call and what came of it."""
    if text.partition(": ")[2].partition(" #")[0] in MISTAKES:
        attempt = read_attempt(text)
        print(told(call(attempt, seed)), refused(attempt, seed), sep="\n")
        return
    case = read(text)
    outcome = measure(case, seed)
    rows = [
        (answer, f"{error:.1e}", *(f"{units:.1f}" for units in outcome.units[answer]))
        for answer, error in outcome.errors.items()
    ]
    print(told(sample(case, seed)), table(("answer", *HEADERS[3:6]), rows), sep="\n")


def told(call: Sample | None) -> str:
    """Write a call: shapes of its inputs, and its options."""
    if call is None:
        return "the mistake cannot be made in this call"
    shapes = [None if x is None else x.shape for x in call.inputs]
    program = call.options.get("program")
    return f"inputs {shapes}\n{program or call.options}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Read the command line and run."""
    parser = ArgumentParser("python -m tests.fuzz", description=SAYS)
    add = parser.add_argument
    add("--cases", type=int, default=ENOUGH, metavar="N", help="a cell (%(default)s)")
    add("--seed", type=int, default=0, metavar="N", help="(%(default)s)")
    add("--case", metavar="TEXT", help="one again, as a failure is followed by it")
    given = parser.parse_args(arguments)
    torch.set_num_threads(1)
    if given.case:
        again(given.case, given.seed)
        return 0
    start = perf_counter()
    text, wrong = whole_run(given.cases, given.seed)
    print(text)
    for what, case in wrong[:SHOWN]:
        print(what)
        if case:
            print(f"    python -m tests.fuzz --seed {given.seed} --case '{case}'")
    print(f"{len(wrong)} wrong; seed {given.seed}; {perf_counter() - start:.0f} s")
    return 1 if wrong else 0
