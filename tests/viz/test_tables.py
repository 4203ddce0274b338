"""The picture of table 3: a mark and a label a model, none on top of another."""

from __future__ import annotations

from itertools import combinations

import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.text import Annotation

from minicvt.reconcile import points
from minicvt.reconcile.subjects import NAMES, named
from minicvt.viz.tables import FAMILIES, accuracy_against_macs


@pytest.fixture(scope="module")
def figure():
    return accuracy_against_macs()


def test_points_are_printed_accuracies_and_counted_macs():
    there = {(p.name, p.more): p for p in points()}
    assert len(there) == len(points())
    first = there["CvT-21 384", True]
    assert first.macs == named("cvt-21", image=(384, 384)).ledger.macs
    assert first.accuracy == 84.9
    assert {p.family for p in points()} == FAMILIES.keys()
    known = {p.name.split(" ")[0] for p in points() if p.counted}
    assert known == NAMES.keys()


def test_every_model_has_a_mark_where_it_belongs(figure):
    (axes,) = figure.axes
    drawn = {
        (line.get_xdata()[0], line.get_ydata()[0])
        for line in axes.lines
        if line.get_marker() in "os" and len(line.get_xdata())
    }
    assert drawn == {(p.macs / 1e9, p.accuracy) for p in points()}
    rings = [line for line in axes.lines if line.get_fillstyle() == "none"]
    assert len(rings) == 1 + sum(not p.counted for p in points())  # and the key's


def test_labels_cover_neither_each_other_nor_the_frame(figure):
    (axes,) = figure.axes
    renderer = FigureCanvasAgg(figure).get_renderer()
    labels = [text for text in axes.texts if isinstance(text, Annotation)]
    assert sorted(t.get_text() for t in labels) == sorted(p.name for p in points())
    boxes = [text.get_window_extent(renderer) for text in labels]
    assert len(boxes) == len(points())
    assert not any(a.overlaps(b) for a, b in combinations(boxes, 2))
    frame = axes.get_window_extent(renderer)
    assert all(frame.x0 <= box.x0 and box.x1 <= frame.x1 for box in boxes)


def test_words_say_every_model(figure):
    for point in points():
        name = f"{point.name} with ImageNet-22k" if point.more else point.name
        assert f"{name} {point.accuracy:g} %" in figure.alt
    assert f"All {len(points())} models" in figure.caption


def test_the_same_picture_twice(figure):
    assert figure.svg() == accuracy_against_macs().svg()
