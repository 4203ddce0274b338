"""Maps and bars: what is drawn is what was given, on the scale that is written."""

from __future__ import annotations

import matplotlib
import numpy as np
import pytest

from minicvt import viz
from minicvt.errors import OptionError, ShapeError

RNG = np.random.default_rng(7)


def words(figure) -> list[str]:
    return [text.get_text() for text in figure.findobj(matplotlib.text.Text)]


def tiles(figure) -> list:
    """Images in order, their colour bars left out."""
    images = [axes.images[0] for axes in figure.axes if axes.images]
    return images[::2]


def test_maps_show_the_arrays_each_on_its_own_scale():
    signed, plain = RNG.normal(size=(3, 5)), RNG.random((4, 2)) + 1
    figure = viz.maps({"signed\nin words": signed, "plain": plain})
    first, second = tiles(figure)
    np.testing.assert_array_equal(first.get_array(), signed)
    np.testing.assert_array_equal(second.get_array(), plain)
    bound = np.abs(signed).max()
    assert first.get_clim() == (-bound, bound)
    assert second.get_clim() == (plain.min(), plain.max())
    assert {"signed", "in words", "plain"} <= set(words(figure))
    assert "3 by 5" in figure.alt
    assert "own scale" in figure.caption


def test_maps_may_share_a_scale_and_rows():
    figure = viz.maps({str(i): np.full((2, 2), i) for i in range(5)}, True, across=2)
    assert {tile.get_clim() for tile in tiles(figure)} == {(0, 4)}
    lefts = {round(tile.axes.get_position().x0, 6) for tile in tiles(figure)}
    assert len(lefts) == 2
    assert "one scale" in figure.caption


def test_whole_numbers_are_written_into_small_maps_only():
    counts = np.array([[17, 42], [3, 99]])
    assert {"17", "42", "99"} <= set(words(viz.maps({"few": counts})))
    many = 17 + np.arange(36).reshape(6, 6)
    assert "30" not in words(viz.maps({"many": many}))
    assert "17" not in words(viz.maps({"numbers": counts + 0.5}))


@pytest.mark.parametrize("wrong", [{"a": np.ones(3)}, {"a": np.ones((0, 2))}, {}])
def test_what_is_no_map_is_refused(wrong):
    with pytest.raises(ShapeError):
        viz.maps(wrong)


def test_bars_are_as_long_as_their_values_and_say_how_many_times():
    figure = viz.bars({"MACs": {"linear": 1000, "dense": 9000}, "ms": {"one": 0.25}})
    lengths = [patch.get_width() for axes in figure.axes for patch in axes.patches]
    assert lengths == [1000, 9000, 0.25]
    assert {"1,000", "9,000", "9.00x", "1.00x", "0.25"} <= set(words(figure))
    assert "linear 1,000, dense 9,000" in figure.alt
    loops = viz.bars({"ms": {"loops": 113.0, "compiled": 0.0365}})
    assert {"3,096x", "1.00x"} <= set(words(loops))


@pytest.mark.parametrize("wrong", [{"a": {}}, {"a": {"b": 0}}])
def test_bars_of_nothing_are_refused(wrong):
    with pytest.raises(OptionError):
        viz.bars(wrong)
