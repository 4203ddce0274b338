"""What ``minicvt classify`` and ``minicvt evaluate`` run."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from hashlib import sha256
from pathlib import Path
from typing import Any

from minicvt.data.preprocess import Preprocess
from minicvt.files import StrPath
from minicvt.inference.answers import classify as classified
from minicvt.inference.answers import fitted
from minicvt.inference.checkpoint import Checkpoint, dialect_of, open_checkpoint
from minicvt.inference.evaluate import Evaluation
from minicvt.inference.folders import class_folders, labelled_pictures
from minicvt.inference.progress import Progress
from minicvt.inference.records import Record
from minicvt.inference.words import answers_table, heading, printed, summary


def classify(
    pictures: Sequence[StrPath],
    checkpoint: str,
    *,
    dialect: str | None = None,
    size: int | None = None,
    top: int = 5,
    as_json: bool = False,
) -> None:
    """Print the most probable classes of each picture, and what says so.

    Positions are resampled for another ``size``. Raises ``PictureError``,
    ``CheckpointError``, ``ShapeError`` for tables that fit one size only, ``OSError``;
    nothing is printed then.
    """
    source = open_checkpoint(checkpoint)
    own = source.model(dialect)
    preprocess = source.preprocess(own.config, size)
    model = fitted(own, (preprocess.size,) * 2)
    found = classified(model, pictures, preprocess, labels=source.labels, top=top)
    if as_json:
        print(json.dumps(_json(source, model, preprocess, pictures, found), indent=2))
        return
    print(heading(source, [model], preprocess))
    for path, answers in zip(pictures, found, strict=True):
        print(f"\n{printed(path)}\n{answers_table(answers)}")


def _json(
    source: Checkpoint,
    model: Any,
    preprocess: Preprocess,
    pictures: Sequence[StrPath],
    found: Sequence[Sequence[Any]],
) -> dict[str, Any]:
    return {
        "checkpoint": source.name,
        "layout": source.layout,
        "model": model.config.as_dict(),
        "preprocessing": asdict(preprocess),
        "untrained": source.untrained(),
        "pictures": [
            {"path": str(path), "answers": [asdict(answer) for answer in answers]}
            for path, answers in zip(pictures, found, strict=True)
        ],
    }


def evaluate(
    folder: StrPath,
    checkpoint: str,
    *,
    dialects: Sequence[str] | None = None,
    size: int | None = None,
    csv: StrPath | None = None,
    limit: int | None = None,
    classes: StrPath | None = None,
    upright: bool = False,
) -> list[Record]:
    """Print top-1 and top-5 of each dialect over a folder, and how they differ.

    With ``csv`` every picture gets a row a dialect, and the same command continues
    what was interrupted. Raises ``OptionError``, ``CheckpointError``, ``OSError``, and
    ``ShapeError`` for tables of positions that fit no other ``size``.
    """
    source = open_checkpoint(checkpoint)
    built = [source.model(dialect) for dialect in dialects or (None,)]
    config = built[0].config
    preprocess = source.preprocess(config, size)
    fitting = [fitted(model, (preprocess.size,) * 2) for model in built]
    models = {dialect_of(model): model for model in fitting}
    index = class_folders(folder, source.labels, config.num_classes, classes)
    pictures = labelled_pictures(folder, index)
    evaluation = Evaluation(
        Path(folder),
        pictures[:limit],
        models,
        preprocess,
        _run(source, models, preprocess, upright),
        upright,
    )
    print(heading(source, built, preprocess))
    print(
        f"pictures       {len(evaluation.pictures):,} of {len(pictures):,}, in "
        f"{len(index.index):,} folders; classes by {index.source}\n",
        flush=True,
    )
    records = evaluation.records(csv, Progress())
    print(summary(records))
    return records


def _run(
    source: Checkpoint, models: dict[str, Any], preprocess: Preprocess, upright: bool
) -> str:
    """Return a short hash of all that decides an answer, but for the picture."""
    configs = [model.config.as_dict() for model in models.values()]
    all_of_it = (source.checksum, configs, asdict(preprocess), upright)
    return sha256(json.dumps(all_of_it, sort_keys=True).encode()).hexdigest()[:12]
