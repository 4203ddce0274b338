"""What ``minicvt explain`` runs."""

from __future__ import annotations

import shlex
import webbrowser
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from minicvt import models, weights
from minicvt.errors import OptionError
from minicvt.files import StrPath, write_atomic
from minicvt.inference import Checkpoint, open_checkpoint
from minicvt.interpret.explain.facts import UNTRAINED, standing, training
from minicvt.interpret.explain.page import html
from minicvt.interpret.explain.record import Data, Sight, record
from minicvt.interpret.explain.subject import (
    Subject,
    card_of,
    from_picture,
    from_sample,
)
from minicvt.interpret.measured import Measured, measured

DEFAULT = "cvt-rgb32-mid"
OUT = Path("out/explain/index.html")
BUDGET = 3_500_000  # bytes of attention on a page; base64 makes a third more
CONTROLS = 6  # single untrained models differ widely


def explain(
    picture: StrPath | None = None,
    checkpoint: str = DEFAULT,
    *,
    sample: int | None = None,
    dialect: str | None = None,
    size: int | None = None,
    out: StrPath = OUT,
    show: bool = False,
) -> Path:
    """Write a page on which the attention of a model can be explored.

    Of a ``picture``, or of a held-out ``sample`` of what a model of the library was
    trained on. Raises ``PictureError``, ``CheckpointError``, ``OptionError`` and
    ``OSError``.
    """
    source = open_checkpoint(checkpoint)
    subject = _subject(source, picture, sample, dialect, size)
    options = {"sample": sample, "dialect": dialect, "size": size}
    command = _command(picture, options | {"checkpoint": checkpoint})
    page = html(subject, [*records(subject)], command, quoted(source)).encode()
    write_atomic(out, page)
    print(f"{subject.what}\n{subject.name}: {', '.join(standing(subject))}")
    print(f"The page  {out}  ({len(page) / 1e6:.1f} MB; open it in a browser)")
    if show:
        webbrowser.open(Path(out).resolve().as_uri())
    return Path(out)


def _subject(
    source: Checkpoint,
    picture: StrPath | None,
    sample: int | None,
    dialect: str | None,
    size: int | None,
) -> Subject:
    if picture is not None and sample is not None:
        raise OptionError(f"expected a picture or a sample, got {picture} and {sample}")
    if picture is not None:
        return from_picture(picture, source, dialect, size)
    if size is not None:
        raise OptionError(f"size {size} is for pictures: samples have theirs")
    return from_sample(sample or 0, source, dialect)


def _command(picture: StrPath | None, options: dict[str, Any]) -> str:
    words = ["minicvt", "explain", *([] if picture is None else [Path(picture).name])]
    for name, value in options.items():
        words += [] if value is None else [f"--{name}", str(value)]
    return shlex.join(words)


def records(subject: Subject) -> Iterator[Data]:
    """Record the subject's model, then untrained ones, as many as a page can hold."""
    config, dtype = subject.model.config, subject.model.dtype
    sight = Sight.of(subject.model, subject.image)
    controls = min(max(BUDGET // sight.size - 1, 1), CONTROLS)
    names = {"name": subject.name, "kind": training(subject.source)[0], "short": ""}
    budget, labels = BUDGET // (1 + controls), subject.source.labels
    yield names | record(sight, labels, budget)
    for seed in range(1, controls + 1):
        control = models.from_dict(config.as_dict()).build(dtype, seed)
        names = {"name": f"untrained, seed {seed}", "short": f"seed {seed}"}
        names |= {"kind": UNTRAINED}
        yield names | record(Sight.of(control, subject.image), labels, budget)


def quoted(source: Checkpoint) -> Measured | None:
    """What was measured of this model, or else of the one people meet first."""
    own = measured(source.name) if card_of(source) else None
    return own or (measured(DEFAULT) if DEFAULT in weights.names() else None)
