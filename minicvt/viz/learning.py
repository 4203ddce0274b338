"""How a model learned, and what it still confuses."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator

from minicvt.errors import ShapeError
from minicvt.train import History
from minicvt.viz.board import Board
from minicvt.viz.style import BLUE, MUTED, ON_TILE, ORANGE, SEQUENTIAL, Picture, styled

PALEST = 0.55  # counts on tiles darker than this share of the scale are white


@styled
def training_curve(history: History) -> Picture:
    """Draw loss and accuracies over the epochs of a run."""
    epochs, losses = history.column("epoch"), history.column("loss")
    train, test = history.column("train_accuracy"), history.column("test_accuracy")
    board = Board(5.2, 4.6)
    loss = board.axes(0.6, 0.55, 3.55, 1.35)
    accuracy = board.axes(0.6, 2.75, 3.55, 1.35)
    board.words(0.1, 0.04, "loss", fontsize=10, weight="bold")
    board.words(0.1, 0.24, "cross-entropy, mean over the epoch", color=MUTED)
    board.words(0.1, 2.24, "accuracy", fontsize=10, weight="bold")
    board.words(0.1, 2.44, "share of the images read right", color=MUTED)
    _curve(loss, epochs, losses, BLUE, "train", ".3f")
    _curve(accuracy, epochs, train, BLUE, "train", ".1%", below=train[-1] < test[-1])
    _curve(accuracy, epochs, test, ORANGE, "test", ".1%", below=train[-1] >= test[-1])
    loss.set_ylim(bottom=0)
    accuracy.set_ylim(top=1)
    accuracy.yaxis.set_major_formatter("{x:.0%}")
    accuracy.set_xlabel("epoch")
    board.figure.alt = (
        f"Over {len(epochs)} epochs the loss goes from {losses[0]:.2f} to "
        f"{losses[-1]:.3f}; test accuracy goes from {test[0]:.1%} to {test[-1]:.1%}."
    )
    board.figure.caption = (
        "Train figures are running means while the model still learns, on images that "
        "are shifted at random; test figures are taken after each epoch, on images as "
        "they are."
    )
    return board.figure


def _curve(
    axes: Axes,
    epochs: Sequence[float],
    values: Sequence[float],
    colour: str,
    name: str,
    form: str,
    below: bool = False,
) -> None:
    """Draw one line and write its name and last value at its end."""
    axes.plot(epochs, values, color=colour, marker="o" if len(epochs) == 1 else None)
    axes.annotate(
        f"{name} {format(values[-1], form)}",
        (epochs[-1], values[-1]),
        xytext=(6, -5 if below else 5),
        textcoords="offset points",
        va="top" if below else "bottom",
        fontsize=9,
        color=colour,
        weight="bold",
        annotation_clip=False,
    )
    axes.set_xlim(min(epochs[0], 1), max(epochs[-1], 2))
    axes.xaxis.set_major_locator(MaxNLocator(5, integer=True))
    axes.grid(axis="y", linewidth=0.8)
    axes.tick_params(length=0)


@styled
def confusion_matrix(labels: Any, predictions: Any, classes: Sequence[str]) -> Picture:
    """Draw how often each class (a row) was given each answer (a column).

    Colour is the share of the row, from 0 to 1; the counts are written in, and
    mistakes are framed. Raises ``ShapeError`` unless there is one answer a label.
    """
    counts = confusion(labels, predictions, len(classes))
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    side = 0.36 * len(classes)
    board = Board(side + 1.0, side + 1.15)
    right, total = int(np.trace(counts)), int(counts.sum())
    board.words(0.1, 0.04, f"{right} of {total} right", fontsize=10, weight="bold")
    board.words(0.55, 0.3, "answer", color=MUTED)
    board.words(0.1, 0.66 + side / 2, "truth", color=MUTED, rotation=90, va="center")
    how = {"cmap": SEQUENTIAL, "vmin": 0.0, "vmax": 1.0}
    axes = board.tile(0.55, 0.66, side, shares, **how)
    axes.set_xticks(range(len(classes)), classes)
    axes.set_yticks(range(len(classes)), classes)
    axes.tick_params(length=0, top=True, labeltop=True, bottom=False, labelbottom=False)
    for (row, column), count in np.ndenumerate(counts):
        if count:
            _count(axes, row, column, count, shares[row, column] > PALEST)
    board.bar(0.55, side + 0.8, 1.4, how, ".0f")
    board.words(2.07, side + 0.76, "share of the row", fontsize=8, color=MUTED)
    board.figure.alt = (
        f"Confusion matrix: {right} of {total} right. Mistakes, truth to answer: "
        + (_mistakes(counts, classes) or "none")
    )
    board.figure.caption = (
        "Rows are the truth, columns the answer; colour is the share of the row, "
        "palest 0 and darkest 1; mistakes are framed."
    )
    return board.figure


def confusion(labels: Any, predictions: Any, classes: int) -> Any:
    """Counts (classes, classes): rows the truth, columns the answer."""
    labels, predictions = np.asarray(labels), np.asarray(predictions)
    if labels.ndim != 1 or labels.shape != predictions.shape:
        raise ShapeError(
            "confusion_matrix: expected an answer for each label, got "
            f"{predictions.shape} for {labels.shape}"
        )
    counts = np.zeros((classes, classes), np.int64)
    np.add.at(counts, (labels, predictions), 1)
    return counts


def _count(axes: Axes, row: int, column: int, count: int, dark: bool) -> None:
    colour = "white" if dark else ON_TILE
    middle: dict[str, Any] = {"ha": "center", "va": "center", "fontsize": 9}
    axes.text(column, row, str(count), color=colour, **middle)
    if row != column:
        frame: dict[str, Any] = {"fill": False, "edgecolor": ORANGE, "linewidth": 1.6}
        axes.add_patch(Rectangle((column - 0.44, row - 0.44), 0.88, 0.88, **frame))


def _mistakes(counts: Any, classes: Sequence[str]) -> str:
    off = counts - np.diag(np.diag(counts))
    pairs = zip(*np.nonzero(off), strict=True)
    return ", ".join(f"{classes[r]} to {classes[c]} x {off[r, c]}" for r, c in pairs)
