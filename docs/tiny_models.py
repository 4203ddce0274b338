"""Train the small model of every paper over five seeds and write the page of them.

Part of ``make docs``; a quarter of an hour.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from contextlib import redirect_stdout
from pathlib import Path

import numpy as np
from sklearn.svm import SVC

import minicvt as mc
from minicvt.data import load, logistic_regression
from minicvt.files import write_atomic
from minicvt.models.registry import PAPERS
from minicvt.tables import markdown
from minicvt.train import RECIPES, interval
from minicvt.train.commands import train

PAGE = Path(__file__).parent / "tiny-models.md"
TASK, SEEDS = "digits16", range(5)
LINE = "logistic regression"
NAMES = [f"{paper}-{TASK}" for paper in PAPERS]
TEXT = """\
# One small model of every paper

Each is trained by the same `fit` with the same recipe, on digits of 16 x 16 pixels:
{epochs} epochs, AdamW with learning rate {lr}, shifts by up to one pixel. The sizes are
those of the smallest CvT within a fifth; stems, embeddings and parts are each paper's
own. 1437 digits to train on, 360 to test on; a seed changes split, initialisation and
order together. Written by `docs/tiny_models.py`, which prints what follows the tables.

## Accuracy on the test digits of each seed's split

{accuracies}

The interval is Student's 95 % over the seeds. Logistic regression sees the same pixels
of the same split, each standardised (and, in the row below, the 8 x 8 pixels they were
made of); C = 1, until it converges. The SVM has a Gaussian kernel and scikit-learn's
defaults. None of these is shown shifted digits.

## Size, and points above logistic regression, paired by split

{differences}

What this shows, and what not: all of them learn, and on the mean beat a line. They are
not ranked: most intervals overlap, eight were compared without correction, and recipe
and sizes, the same for all, were settled while looking at some of these test digits.
One run is one draw: another order of a kernel's sums moves it by up to a point. Random
splits have the same writers on both sides. The distilled DeiT has no teacher here: both
its heads learn the labels, and answer with their mean.

## As printed

```text
{printed}
```
"""


def main() -> None:
    """Train all, then write the page."""
    trained = {name: trained_and_heard(name) for name in NAMES}
    finals = {name: accuracies for name, (accuracies, _) in trained.items()}
    others = baselines()
    page = TEXT.format(
        epochs=RECIPES[TASK].epochs,
        lr=RECIPES[TASK].lr,
        accuracies=accuracy_table(others | finals),
        differences=difference_table(finals, others[LINE]),
        printed="\n\n".join(heard for _, heard in trained.values()),
    )
    write_atomic(PAGE, page.encode())


def trained_and_heard(name: str) -> tuple[list[float], str]:
    """Final accuracy of each seed, and what was printed but for the epochs."""
    with redirect_stdout(io.StringIO()) as heard:
        histories = train(TASK, SEEDS, model=name)
    lines = heard.getvalue().splitlines()
    report = "\n".join(line for line in lines if not line.startswith("epoch"))
    print(report, end="\n\n", flush=True)
    return [history.epochs[-1].test_accuracy for history in histories], report


def baselines() -> dict[str, list[float]]:
    """What needs no network, on the same splits."""
    return {
        LINE: [logistic_regression(load(TASK, seed), seed) for seed in SEEDS],
        f"{LINE}, 8 x 8": [logistic_regression(load("digits8", s), s) for s in SEEDS],
        "SVM": [svm(load(TASK, seed)) for seed in SEEDS],
    }


def svm(data: mc.data.Dataset) -> float:
    """Test accuracy of a support vector machine on the pixels."""
    train, test = (x.reshape(len(x), -1) for x in (data.train_images, data.test_images))
    return float(SVC().fit(train, data.train_labels).score(test, data.test_labels))


def accuracy_table(accuracies: dict[str, list[float]]) -> str:
    """A row a model, a column a seed, then mean and interval."""
    rows = [
        (name, *(f"{a:.1%}" for a in found), *spread(100 * np.array(found), "{:.1f}%"))
        for name, found in accuracies.items()
    ]
    columns = [f"seed {seed}" for seed in SEEDS]
    return markdown(("model", *columns, "mean", "95 % interval"), rows)


def difference_table(accuracies: dict[str, list[float]], line: list[float]) -> str:
    """Parameters, multiply-adds of one image, and the paired difference."""
    rows = []
    for name, found in accuracies.items():
        with mc.shapes_only():
            model = mc.models.build(name)
        sizes = (model.count_parameters(), mc.count(model).macs)
        points = 100 * np.subtract(found, line)
        rows.append((name, *sizes, *spread(points, "{:+.2f}")))
    return markdown(("model", "parameters", "MACs", "mean", "95 % interval"), rows)


def spread(values: Sequence[float], number: str) -> tuple[str, str]:
    """Write the mean and its interval; of nothing more than 100 % is right."""
    mean, half = interval(values)
    ends = (number.format(end) for end in (mean - half, min(100, mean + half)))
    return number.format(mean), " to ".join(ends)


if __name__ == "__main__":
    main()
