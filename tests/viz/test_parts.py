"""Where a model's costs are: every parameter and MAC is in one bar, of its stage."""

from __future__ import annotations

import matplotlib
import pytest

import minicvt as mc
from minicvt.models.costs import costs
from minicvt.viz.parts import ELSEWHERE, counted, parts


@pytest.fixture(scope="module", params=["cvt-c8w", "cmt-ti", "deit-tiny-distilled"])
def config(request):
    return mc.models.variant(request.param)


def test_nothing_is_counted_twice_or_left_out(config):
    columns = counted(config, config.image)
    found = costs(config)
    whole = [sum(counts.values()) for counts in columns.values()]
    assert whole == [*found.total]
    for part, spent in found.parts.items():
        by_place = [
            sum(n for (p, _), n in counts.items() if p == part)
            for counts in columns.values()
        ]
        assert by_place == [*spent]


def test_bars_are_as_long_as_the_counts_and_stand_one_behind_the_other(config):
    figure = parts(config)
    columns = counted(config, config.image).values()
    drawn = [axes for axes in figure.axes if axes.patches]
    for axes, counts in zip(drawn, columns, strict=True):
        widths = [patch.get_width() for patch in axes.patches]
        assert sum(widths) == sum(counts.values())
        ends = [patch.get_x() + patch.get_width() for patch in axes.patches]
        assert axes.get_xlim()[1] == max(ends)


def test_the_words_say_the_shares_and_the_key_the_stages():
    config = mc.models.variant("cvt-c8w")
    figure = parts(config)
    text = [found.get_text() for found in figure.findobj(matplotlib.text.Text)]
    total, mlp = costs(config).total, costs(config).parts["MLP"]
    assert f"MACs: {total.macs:,}" in text
    assert f"{mlp.macs / total.macs:.1%}" in text
    assert [t for t in text if t in figure_key()] == ["stage 0", "stage 1", ELSEWHERE]
    assert f"MLP: {mlp.parameters:,} parameters, {mlp.macs:,} MACs" in figure.alt


def figure_key() -> set[str]:
    return {"stage 0", "stage 1", "stage 2", ELSEWHERE}
