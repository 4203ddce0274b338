"""Curves and dots: what is drawn is what was given, on the scale that is written."""

from __future__ import annotations

import matplotlib
import numpy as np
import pytest

from minicvt import viz
from minicvt.errors import OptionError, ShapeError
from minicvt.train import interval

STEPS = np.logspace(-8, 0, 9)


def words(figure) -> list[str]:
    return [text.get_text() for text in figure.findobj(matplotlib.text.Text)]


def lines(figure) -> list:
    return figure.axes[0].get_lines()


def test_curves_draw_what_is_given_and_name_it():
    figure = viz.curves(
        {"one": (STEPS, 2 * STEPS), "two": (STEPS, STEPS)}, "h", "error"
    )
    np.testing.assert_array_equal(lines(figure)[0].get_ydata(), 2 * STEPS)
    assert {"one", "two", "h", "error"} <= set(words(figure))
    assert figure.axes[0].get_xscale() == figure.axes[0].get_yscale() == "linear"
    assert "two: 1e-08 to 1" in figure.alt
    assert "Across: h" in figure.caption


@pytest.mark.parametrize(
    ("log", "scales"), [("x", ("log", "linear")), ("xy", ("log", "log"))]
)
def test_logarithmic_axes_leave_a_gap_at_zero(log, scales):
    errors = np.where(STEPS < 1e-6, 0.0, STEPS)
    axes = viz.curves({"one": (STEPS, errors)}, "h", "error", log).axes[0]
    assert (axes.get_xscale(), axes.get_yscale()) == scales
    gaps = np.isnan(axes.get_lines()[0].get_ydata())
    np.testing.assert_array_equal(gaps, (errors == 0) & ("y" in log))


def test_curves_refuse_what_cannot_be_drawn():
    with pytest.raises(ShapeError, match=r"one: expected as many x as y"):
        viz.curves({"one": (STEPS, STEPS[1:])}, "h", "error")
    with pytest.raises(OptionError, match="got 0"):
        viz.curves({}, "h", "error")
    with pytest.raises(OptionError, match="got 7"):
        viz.curves({str(i): (STEPS, STEPS) for i in range(7)}, "h", "error")


def test_dots_draw_every_value_and_the_limit():
    rows = {"right": [1e-12, 3e-11], "wrong": [0.2]}
    figure = viz.dots(rows, "error", log=True, limit=1e-7)
    drawn = [list(line.get_xdata()) for line in lines(figure)]
    assert drawn == [[1e-12, 3e-11], [0.2], [1e-7, 1e-7]]
    assert figure.axes[0].get_xscale() == "log"
    assert {"right", "wrong", "error"} <= set(words(figure))
    assert "right: 1e-12 to 3e-11" in figure.alt


def test_dots_with_means_draw_the_interval_of_each_row():
    values = [97.0, 98.5, 96.5]
    bar, mark, _ = lines(viz.dots({"right": values}, "accuracy", mean=True))
    middle, half = interval(values)
    assert list(bar.get_xdata()) == [middle - half, middle + half]
    assert list(mark.get_xdata()) == [middle, middle]


def test_dots_refuse_rows_that_are_too_short():
    with pytest.raises(OptionError, match="alone: needs 2 values, got 1"):
        viz.dots({"alone": [1.0]}, "accuracy", mean=True)
    with pytest.raises(OptionError, match="empty: needs 1 values"):
        viz.dots({"empty": []}, "accuracy")
