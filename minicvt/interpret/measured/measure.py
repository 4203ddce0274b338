"""From a trained model to what is quoted of it: how the files here were made.

::

    python -m minicvt.interpret.measured.measure cvt-rgb32-mid 400
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from minicvt import weights
from minicvt.files import StrPath, write_atomic
from minicvt.interpret.commands import boxed
from minicvt.interpret.measured.kept import Measured
from minicvt.interpret.report import Study, Trial, study, verdicts
from minicvt.train import bootstrap


def measure(name: str, images: int, folder: StrPath = ".") -> Measured:
    """Study the trained model ``name`` on ``images``; write and return the result.

    Raises ``UnknownName``, and ``OptionError`` where the model's task has no boxes.
    """
    card, dataset = weights.card(name), boxed(name)
    found = study(weights.trained(name), dataset, images)
    rows = [_row(found, trial) for trial in found.trials]
    kept = Measured(name, card.task, card.sha256, images, rows, verdicts(found))
    write_atomic(Path(folder) / f"{name}.json", kept.to_json().encode())
    return kept


def _row(found: Study, trial: Trial) -> list[str]:
    measures = (trial.of("areas"), trial.of("points"))
    return [trial.order, *(str(bootstrap(values, found.scans)) for values in measures)]


def main(arguments: Sequence[str]) -> None:
    """Measure into the current folder, as the module's docstring shows."""
    name, images = arguments
    print(measure(name, int(images)).to_json(), end="")


if __name__ == "__main__":
    main(sys.argv[1:])
