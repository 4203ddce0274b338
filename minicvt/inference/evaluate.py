"""Accuracy over a folder of labelled pictures, for one dialect or several."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from minicvt.data.preprocess import Preprocess
from minicvt.errors import PictureError
from minicvt.files import StrPath
from minicvt.inference.answers import best, prepare, probabilities
from minicvt.inference.folders import Labelled
from minicvt.inference.records import Key, Record, append, resume
from minicvt.inference.scores import Difference, Share, paired, wilson
from minicvt.kernels.types import Array
from minicvt.threads import each

PART = 64  # pictures between two writes to the disk: what a kill -9 can cost
TOP = 5

Report = Callable[[Sequence[Record], int], None]
"""Called at first and after each part: all records so far, and how many will be."""


@dataclass(frozen=True, eq=False)
class Evaluation:
    """What is evaluated, how, and where the rows go.

    ``models`` by dialect share their weights; ``run`` is a hash that tells this
    evaluation from others. Batches are cut the same way whenever one starts, so that
    a continued run has the bits of an uninterrupted one.
    """

    folder: Path
    pictures: Sequence[Labelled]
    models: Mapping[str, Any]
    preprocess: Preprocess
    run: str = ""
    upright: bool = False

    def records(
        self, csv: StrPath | None = None, report: Report | None = None
    ) -> list[Record]:
        """Return a record a picture and dialect, in the pictures' order.

        With ``csv`` they go there part by part, and what is there already is not
        done again. Raises ``OptionError`` when it is another run's.
        """
        keys = [key for picture in self.pictures for key in self._keys(picture)]
        rows = PART * len(self.models)
        done = [] if csv is None else resume(csv, keys, rows)
        if report is not None:
            report(done, len(keys))
        for start in range(len(done) // len(self.models), len(self.pictures), PART):
            part = self._part(self.pictures[start : start + PART])
            if csv is not None:
                append(csv, part)
            done += part
            if report is not None:
                report(done, len(keys))
        return done

    def _keys(self, picture: Labelled) -> list[Key]:
        return [Key(*picture, dialect, self.run) for dialect in self.models]

    def _part(self, pictures: Sequence[Labelled]) -> list[Record]:
        images = each(self._prepare, pictures)
        readable = [image for image in images if not isinstance(image, str)]
        rows = {
            dialect: iter(probabilities(model, readable) if readable else ())
            for dialect, model in self.models.items()
        }
        return [
            Record(*key, None, None, "", image)
            if isinstance(image, str)
            else _answered(key, next(rows[key.dialect]))
            for picture, image in zip(pictures, images, strict=True)
            for key in self._keys(picture)
        ]

    def _prepare(self, picture: Labelled) -> Array | str:
        """Return the image, or what is wrong with it, without the folder's path."""
        path = self.folder / picture.name
        try:
            return prepare(path, self.preprocess, upright=self.upright)
        except PictureError as error:
            return str(error).removeprefix(f"{path}: ")
        except OSError as error:
            return error.strerror or type(error).__name__


def _answered(key: Key, row: Array) -> Record:
    first = best(row, TOP)
    answer = int(first[0])
    return Record(*key, answer, int(key.label in first), f"{row[answer]:.6f}")


class Scores(NamedTuple):
    """Top-1 and top-5 of one dialect."""

    top1: Share
    top5: Share


def scores(records: Sequence[Record]) -> dict[str, Scores]:
    """Shares of the readable pictures that each dialect gets right.

    Dialects without a readable picture are left out.
    """
    dialects = dict.fromkeys(record.dialect for record in records if not record.problem)
    found = {}
    for dialect in dialects:
        mine = [r for r in records if r.dialect == dialect and not r.problem]
        top1 = wilson(sum(r.top1_hit for r in mine), len(mine))
        top5 = wilson(sum(bool(r.top5_hit) for r in mine), len(mine))
        found[dialect] = Scores(top1, top5)
    return found


def compare(records: Sequence[Record], first: str, second: str) -> Difference:
    """Top-1 of two dialects on the same pictures."""
    hits = [
        [r.top1_hit for r in records if r.dialect == dialect and not r.problem]
        for dialect in (first, second)
    ]
    both = list(zip(*hits, strict=True))
    only_first = sum(a and not b for a, b in both)
    only_second = sum(b and not a for a, b in both)
    return paired(only_first, only_second, len(both))
