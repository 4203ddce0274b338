"""Matrices as pictures: what is drawn is what was given."""

from __future__ import annotations

import matplotlib.colors
import numpy as np
import pytest

from minicvt import viz
from minicvt.errors import ShapeError

RNG = np.random.default_rng(3)


def shown(figure) -> list:
    return [axes.images[0] for axes in figure.axes]


def written(axes) -> list[str]:
    return [text.get_text() for text in axes.texts]


def test_every_number_is_written_on_one_scale():
    one, other = RNG.integers(0, 9, (2, 3)), RNG.integers(0, 9, (4, 2))
    figure = viz.matrices({"one": one, "other": other})
    for image, matrix in zip(shown(figure), (one, other), strict=True):
        np.testing.assert_array_equal(image.get_array(), matrix)
        assert written(image.axes) == [str(n) for n in matrix.ravel()]
        both = np.concatenate([one.ravel(), other.ravel()])
        assert image.get_clim() == (both.min(), both.max())
    assert figure.alt == "Matrices: one, 2 x 3; other, 4 x 2."


def test_colours_may_say_something_else():
    numbers, rows = RNG.normal(size=(3, 4)), np.arange(12).reshape(3, 4) // 4
    figure = viz.matrices({"x": numbers}, {"x": rows}, form=".1f")
    (image,) = shown(figure)
    np.testing.assert_array_equal(image.get_array(), rows)
    assert written(image.axes) == [f"{n:.1f}" for n in numbers.ravel()]
    assert "where a number came from" in figure.caption


def test_nothing_is_white_and_has_no_number():
    (image,) = shown(viz.matrices({"x": [[1.0, np.nan], [np.nan, 2.0]]}))
    assert written(image.axes) == ["1", "2"]
    assert image.get_array().mask.tolist() == [[False, True], [True, False]]


def test_a_matrix_of_nothing_or_of_one_number_has_a_scale():
    for number in (np.nan, 7.0, 0.0):
        low, high = shown(viz.matrices({"x": np.full((2, 2), number)}))[0].get_clim()
        assert low < high


def test_signed_values_are_centred_and_dark_squares_have_white_numbers():
    (image,) = shown(viz.matrices({"x": [[-3.0, 0.0, 1.0]]}))
    assert image.get_clim() == (-3, 3)
    colours = [matplotlib.colors.to_hex(text.get_color()) for text in image.axes.texts]
    assert colours[0] == "#ffffff" != colours[1]


def test_small_squares_have_no_numbers_and_rows_are_filled():
    many = {f"matrix {i}": np.eye(40) for i in range(3)}
    figure = viz.matrices(many, square=0.08)
    assert not any(written(image.axes) for image in shown(figure))
    tops = [round(axes.get_position().y1, 6) for axes in figure.axes]
    assert tops[0] == tops[1] > tops[2]


@pytest.mark.parametrize(
    ("named", "by", "message"),
    [
        ({"x": np.ones(3)}, None, r"'x' is no matrix, got \(3,\)"),
        ({"x": np.ones((0, 2))}, None, r"'x' is no matrix, got \(0, 2\)"),
        ({"x": np.eye(2)}, {"x": np.eye(3)}, r"of 'x' are \(3, 3\) for \(2, 2\)"),
    ],
)
def test_what_does_not_fit_is_refused(named, by, message):
    with pytest.raises(ShapeError, match=message):
        viz.matrices(named, by)
