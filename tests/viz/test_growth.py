"""The picture of growth: every curve and exponent, one look for all three costs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from minicvt import viz
from minicvt.accounting.growth import by_kernel, by_side, exponents


@pytest.fixture(scope="module")
def sweeps():
    """Counts of models, and times that go as the MACs."""
    counted = by_side((64, 96, 128, 192), rounds=0), by_kernel(rounds=0)
    return [
        replace(
            sweep,
            curves=tuple(
                replace(
                    c,
                    samples=tuple(replace(s, seconds=s.macs / 1e9) for s in c.samples),
                )
                for c in sweep.curves
            ),
        )
        for sweep in counted
    ]


def test_each_panel_has_each_curve(sweeps):
    figure = viz.growth(sweeps)
    panels = iter(figure.axes)
    for sweep in sweeps:
        for quantity, unit in (("macs", 1e9), ("kept", 2**20), ("seconds", 1e-3)):
            axes = next(panels)
            assert (axes.get_xscale(), axes.get_yscale()) == ("log", "log")
            for line, curve in zip(axes.lines, sweep.curves, strict=True):
                costs = [getattr(sample, quantity) / unit for sample in curve.samples]
                np.testing.assert_allclose(line.get_ydata(), costs)
                low, high = exponents(curve, quantity)
                assert f"{low} to {high}" in [text.get_text() for text in axes.texts]
            low, high = axes.get_ylim()
            drawn = np.concatenate([line.get_ydata() for line in axes.lines])
            assert low < drawn.min() < drawn.max() < high


def test_what_was_not_timed_is_not_drawn(sweeps):
    untimed = by_side((64, 96, 128), rounds=0)
    time = viz.growth([untimed]).axes[2]
    assert all(len(line.get_xdata()) == 0 for line in time.lines)
    assert not time.texts


def test_words_say_the_exponents(sweeps):
    figure = viz.growth(sweeps)
    assert "dense, multiply-adds of a pass: 2.00 (1-5) to 2.00 (7-11)" in figure.alt
    assert "exponents" in figure.caption
    assert figure.svg() == viz.growth(sweeps).svg()
