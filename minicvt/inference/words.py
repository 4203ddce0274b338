"""What inference says on the terminal."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import Any

from minicvt.data.preprocess import Preprocess
from minicvt.inference.answers import Answer
from minicvt.inference.checkpoint import Checkpoint
from minicvt.inference.evaluate import compare, scores
from minicvt.inference.records import Record
from minicvt.inference.scores import Difference, Share
from minicvt.tables import table

NAMED = 10  # unreadable pictures that are listed; the CSV has all


def heading(
    checkpoint: Checkpoint, models: Sequence[Any], preprocess: Preprocess
) -> str:
    """Say which checkpoint, layout and preprocessing, and if it is trained.

    The dialect too, where a paper has several.
    """
    config, parameters = models[0].config, models[0].count_parameters()
    spoken = [m.config.dialect for m in models if hasattr(m.config, "dialect")]
    speaks = f", dialect {' and '.join(spoken)}" if spoken else ""
    says = "its own" if checkpoint.processed else "the official code's: it says none"
    lines = [
        f"checkpoint     {checkpoint.name} (layout {checkpoint.layout})",
        f"model          {config.name}{speaks}, {parameters:,} parameters, "
        f"{config.num_classes:,} classes",
        f"preprocessing  {preprocess} ({says})",
    ]
    untrained = checkpoint.untrained()
    return "\n".join(lines + [f"weights        {untrained}"] * bool(untrained))


def answers_table(answers: Sequence[Answer]) -> str:
    """Return the answers for one picture, a line each."""
    width = len(str(max(answer.index for answer in answers)))
    return "\n".join(
        f"  {a.probability:6.1%}  {a.index:{width}}  {a.name}".rstrip() for a in answers
    )


def summary(records: Sequence[Record]) -> str:
    """Return accuracies with intervals, differences of dialects, and what failed."""
    found = scores(records)
    parts = []
    if found:
        rows = [
            (dialect, s.top1.total, *_share(s.top1), *_share(s.top5))
            for dialect, s in found.items()
        ]
        interval = "95 % interval"
        headers = ("dialect", "pictures", "top-1", interval, "top-5", interval)
        parts.append(table(headers, rows))
    for first, second in combinations(found, 2):
        parts.append(_difference(first, second, compare(records, first, second)))
    problems = {r.image: r.problem for r in records if r.problem}
    if problems:
        parts.append(_problems(problems))
    return "\n\n".join(parts)


def _share(share: Share) -> tuple[str, str]:
    return f"{share.value:.2%}", f"{share.low:.2%} to {share.high:.2%}"


def _difference(first: str, second: str, d: Difference) -> str:
    return (
        f"{first} minus {second}, top-1 on the same pictures: {100 * d.value:+.2f} "
        f"points, 95 % interval {100 * d.low:+.2f} to {100 * d.high:+.2f}\n"
        f"{d.first_alone:,} pictures only {first} gets right, {d.second_alone:,} only "
        f"{second}; McNemar's exact p = {d.p:.3g}"
    )


def _problems(problems: dict[str, str]) -> str:
    lines = [f"unreadable, and counted nowhere: {len(problems):,}"]
    lines += [f"  {printed(n)}: {why}" for n, why in list(problems.items())[:NAMED]]
    return "\n".join(lines + ["  ..."] * (len(problems) > NAMED))


def printed(path: object) -> str:
    """Return a file's name with the bytes that are no text spelled out."""
    return str(path).encode("utf-8", "backslashreplace").decode()
