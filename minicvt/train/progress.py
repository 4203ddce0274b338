"""The progress line of a run."""

from __future__ import annotations

import sys
from typing import TextIO

from minicvt.train.history import Epoch


def progress_line(epoch: Epoch) -> str:
    """Epoch, loss, accuracies, speed and time left, in columns that stay put."""
    width = len(str(epoch.epochs))
    return (
        f"epoch {epoch.epoch:{width}}/{epoch.epochs}  loss {epoch.loss:.4f}  "
        f"train {epoch.train_accuracy:6.1%}  test {epoch.test_accuracy:6.1%}  "
        f"{epoch.images_per_second:5.0f} images/s  {clock(epoch.seconds_left)} left"
    )


def clock(seconds: float) -> str:
    """Write a duration as ``m:ss`` or ``h:mm:ss``."""
    minutes, second = divmod(round(seconds), 60)
    hours, minute = divmod(minutes, 60)
    lead = f"{hours}:{minute:02}" if hours else f"{minute}"
    return f"{lead}:{second:02}"


def show(line: str, stream: TextIO, *, last: bool) -> None:
    """Print ``line`` over the one before, which the ``last`` ends; in a file, below."""
    rewrite = stream.isatty()
    lead = "\r\x1b[K" if rewrite else ""
    end = "" if rewrite and not last else "\n"
    print(lead + line, end=end, file=stream, flush=True)


class Progress:
    """Show each epoch: on one line that is rewritten, or line by line in a file.

    Pass it to ``fit`` as ``on_epoch``. Notebooks and logs keep every line, since
    they cannot go back.
    """

    def __init__(self, stream: TextIO | None = None) -> None:
        self.stream = stream or sys.stdout

    def __call__(self, epoch: Epoch) -> None:
        """Show ``epoch`` in place of the last one, or below it."""
        last = epoch.epoch == epoch.epochs
        show(progress_line(epoch), self.stream, last=last)
