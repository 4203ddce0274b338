"""The CSV of an evaluation: a row an image and dialect, kept whole through kill -9.

Rows are appended a part at a time, each part flushed to the disk. Whoever continues
keeps all whole parts and works from there, so that in the end the file has the bytes
of one that was never interrupted.
"""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from minicvt.errors import OptionError
from minicvt.files import StrPath, write_atomic

ENCODING = ("utf-8", "surrogateescape")  # names of files may be any bytes


class Key(NamedTuple):
    """What a row is about; ``run`` is a hash of model, weights and preprocessing."""

    image: str
    label: int
    dialect: str
    run: str


class Record(NamedTuple):
    """One row: answer, whether the label is among the first five, its probability.

    ``probability`` is the answer's, as written. An unreadable image has a ``problem``
    in place of these.
    """

    image: str
    label: int
    dialect: str
    run: str
    top1: int | None
    top5_hit: int | None
    probability: str
    problem: str = ""

    @property
    def key(self) -> Key:
        """What the row is about."""
        return Key(*self[:4])

    @property
    def top1_hit(self) -> bool:
        """Whether the most probable class is the label."""
        return self.top1 == self.label


def append(path: StrPath, records: Iterable[Record]) -> None:
    """Write ``records`` behind what is there; they are on the disk on return."""
    with open(path, "ab") as file:
        file.write(_to_csv(records))
        file.flush()
        os.fsync(file.fileno())


def resume(path: StrPath, expected: Sequence[Key], part: int) -> list[Record]:
    """Return the rows of ``expected`` that ``path`` has, in whole parts of ``part``.

    What lies behind them, torn by a kill, is cut off; a file that has all rows is
    left as it is. A missing file is begun. Raises ``OptionError`` when the file is
    of another run, or something else altogether.
    """
    there = Path(path).read_bytes() if Path(path).exists() else b""
    header = _to_csv([Record._fields])
    if not there.startswith(header[: len(there)]):
        raise OptionError(f"{path}: expected a CSV of minicvt evaluate, found another")
    records = _from_csv(path, there[len(header) :])
    for number, (record, key) in enumerate(zip(records, expected, strict=False)):
        if record.key != key:
            raise OptionError(
                f"{path}: row {number + 1} is of another run: expected {tuple(key)}, "
                f"found {tuple(record.key)}; give another --csv"
            )
    if len(records) >= len(expected):
        return records[: len(expected)]
    whole = records[: len(records) // part * part]
    write_atomic(path, header + _to_csv(whole))
    return whole


def _to_csv(rows: Iterable[Sequence[object]]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue().encode(*ENCODING)


def _from_csv(path: StrPath, content: bytes) -> list[Record]:
    """Read whole rows; the last is left out where it is torn."""
    complete = content[: content.rfind(b"\n") + 1].decode(*ENCODING)
    try:
        rows = list(csv.reader(io.StringIO(complete, newline="")))
        if rows and len(rows[-1]) < len(Record._fields):
            rows.pop()
        return [_record(*row) for row in rows]
    except (TypeError, ValueError, csv.Error) as error:
        raise OptionError(f"{path}: damaged: {error}") from error


def _record(
    image: str,
    label: str,
    dialect: str,
    run: str,
    top1: str,
    top5_hit: str,
    probability: str,
    problem: str,
) -> Record:
    answer = int(top1) if top1 else None
    hit = int(top5_hit) if top5_hit else None
    return Record(image, int(label), dialect, run, answer, hit, probability, problem)
