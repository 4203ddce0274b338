"""The figures: what they show is what was computed, and they leave nothing behind."""

from __future__ import annotations

import sys
import xml.etree.ElementTree as xml

import matplotlib
import numpy as np
import pytest

import minicvt as mc
from minicvt import viz
from minicvt.errors import OptionError, ShapeError
from minicvt.train import Epoch, History
from minicvt.viz.learning import confusion
from minicvt.viz.tokens import components, lengths

RNG = np.random.default_rng(2)


@pytest.fixture(scope="module")
def model():
    return mc.models.build("cvt-c8w", seed=0)


@pytest.fixture(scope="module")
def image():
    return RNG.random((10, 14, 1)).astype(np.float32)


@pytest.fixture(scope="module")
def history():
    rows = [(2.1, 0.3, 0.5), (0.7, 0.8, 0.9), (0.2, 0.95, 0.93)]
    numbered = enumerate(rows, start=1)
    return History([Epoch(i, 3, *row, 1e3, 1.0) for i, row in numbered])


def shown(axes) -> list:
    """Arrays of the image in each of ``axes``, where there is one."""
    return [a.images[-1].get_array() for a in axes if a.images]


def words(figure) -> str:
    return "\n".join(text.get_text() for text in figure.findobj(matplotlib.text.Text))


def test_components_rebuild_the_centred_map():
    tokens = RNG.normal(size=(3, 5, 4))
    scores, shares = components(tokens, count=4)
    rows = tokens.reshape(15, 4)
    centred = rows - rows.mean(axis=0)
    flat = scores.reshape(4, 15)
    np.testing.assert_allclose((flat**2).sum(), (centred**2).sum())
    np.testing.assert_allclose(flat @ flat.T, np.diag((flat**2).sum(axis=1)), atol=1e-9)
    np.testing.assert_allclose(shares.sum(), 1)
    assert (np.diff(shares) <= 0).all()
    assert all(s.flat[np.abs(s).argmax()] > 0 for s in scores)


def test_a_map_of_one_token_has_no_components():
    scores, shares = components(np.ones((1, 1, 6)))
    assert not scores.any()
    assert not shares.any()


def test_token_maps_show_the_observed_arrays(model, image):
    figure = viz.token_maps(model, image)
    seen = viz.observed(model, image)
    tiles = shown(figure.axes)
    # image; for each stage three tiles, each with its bar
    assert len(tiles) == 1 + len(seen.stages) * 3 * 2
    np.testing.assert_array_equal(tiles[0], image[..., 0])
    for stage, first in zip(seen.stages, (1, 7), strict=True):
        np.testing.assert_array_equal(tiles[first], lengths(stage.tokens))
        scores, _ = components(stage.tokens)
        np.testing.assert_array_equal(tiles[first + 2], scores[0])
        np.testing.assert_array_equal(tiles[first + 4], scores[1])
    assert "10 x 14 tokens of 24" in words(figure)
    assert "5 x 7 tokens of 48" in words(figure)


def test_the_scales_of_components_are_centred_on_zero(model, image):
    figure = viz.token_maps(model, image)
    tiles = [axes.images[-1] for axes in figure.axes if axes.images]
    centred = [tile.get_clim() for tile in tiles if tile.cmap.name == "RdBu_r"]
    assert len(centred) == 2 * 2 * 2
    assert all(low == -high < 0 for low, high in centred)


def test_class_attention_shows_each_head_on_one_scale(model, image):
    figure = viz.class_attention(model, image)
    found = viz.observed(model, image).block()
    tiles = [a for a in figure.axes if len(a.images) == 2]  # the image, the map
    assert len(tiles) == 3
    for head, axes in enumerate(tiles):
        weights = found.weights[head, 0, 1:].reshape(3, 4)
        np.testing.assert_array_equal(axes.images[1].get_array(), weights)
        assert axes.images[1].get_clim() == (0, found.weights[:, 0, 1:].max())
        assert f"largest {weights.max():.2g}" in words(figure)
        assert f"itself {found.weights[head, 0, 0]:.2g}" in words(figure)
    assert "3 x 4 keys and 1 special" in words(figure)


def test_attention_of_any_token_of_any_stage(model, image):
    found = viz.observed(model, image).block(0)
    figure = viz.attention(model, image, stage=0, head=0, query=(9, 3), top=1)
    (tile,) = [a for a in figure.axes if len(a.images) == 2]
    row = found.weights[0, 9 * 14 + 3]
    np.testing.assert_array_equal(tile.images[1].get_array(), row.reshape(5, 7))
    assert tile.images[1].get_clim() == (0, 1)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"stage": 0}, "no class token"),
        ({"stage": 2}, "stage 2: the model has 2"),
        ({"head": 3}, "head 3: there are 3"),
        ({"query": (5, 0)}, r"token \(5, 0\): there are 1 \+ 5 x 7"),
    ],
)
def test_what_is_not_there_is_said(model, image, options, message):
    with pytest.raises(OptionError, match=message):
        viz.attention(model, image, **options)


def test_an_image_of_three_channels_is_shown_in_colour():
    model = mc.models.build("cvt-c8w", in_chans=3, cls=False, seed=0)
    colours = RNG.random((8, 8, 3)).astype(np.float32)
    tile = viz.token_maps(model, colours).axes[0].images[0].get_array()
    np.testing.assert_array_equal(tile, colours)
    normalised = viz.token_maps(model, 4 * colours - 2)
    tile = normalised.axes[0].images[0].get_array()
    assert (tile.min(), tile.max()) == (0, 1)
    assert "colours from -2 to 2" in words(normalised)


def test_the_training_curve_has_the_history(history):
    loss, accuracy = viz.training_curve(history).axes
    assert [list(line.get_ydata()) for line in loss.lines] == [history.column("loss")]
    train, test = accuracy.lines
    assert list(train.get_ydata()) == history.column("train_accuracy")
    assert list(test.get_ydata()) == history.column("test_accuracy")
    assert [text.get_text() for text in accuracy.texts] == ["train 95.0%", "test 93.0%"]


def test_one_epoch_is_a_curve_too(history):
    figure = viz.training_curve(History(history.epochs[:1]))
    assert figure.axes[0].get_xlim() == (1, 2)
    assert "test 50.0%" in words(figure)


def test_confusion_counts_truth_by_row():
    counts = confusion([0, 0, 1, 2, 2], [0, 1, 1, 0, 2], 3)
    assert counts.tolist() == [[1, 1, 0], [0, 1, 0], [1, 0, 1]]
    with pytest.raises(ShapeError, match="an answer for each label"):
        confusion([0, 1], [0], 2)


def test_the_confusion_matrix_frames_mistakes():
    figure = viz.confusion_matrix([0, 0, 1, 1], [0, 1, 1, 1], "ab")
    axes = figure.axes[0]
    np.testing.assert_allclose(axes.images[0].get_array(), [[0.5, 0.5], [0, 1]])
    assert [text.get_text() for text in axes.texts] == ["1", "1", "2"]
    assert len(axes.patches) == 1
    assert "3 of 4 right" in words(figure)
    assert "a to b x 1" in figure.alt


def test_bars_are_the_savings():
    config = mc.models.variant("cvt-c8w")
    savings = mc.accounting.kv_savings(config, (8, 8))
    figure = viz.kv_savings(config, (8, 8))
    widths = [axes.patches[1].get_width() for axes in figure.axes]
    np.testing.assert_allclose(widths, [1 / saving.ratio for saving in savings])


def test_the_gallery_has_a_tile_an_image():
    images = RNG.random((7, 4, 6, 1))
    figure = viz.gallery(images, [f"image {i}" for i in range(7)])
    assert len(shown(figure.axes)) == 7
    with pytest.raises(ShapeError, match="1 words for 7 images"):
        viz.gallery(images, ["one"])


def test_a_figure_shows_itself_and_says_what_it_is(model, image, history):
    for figure in (
        viz.token_maps(model, image),
        viz.class_attention(model, image),
        viz.training_curve(history),
    ):
        assert xml.fromstring(figure._repr_svg_()).tag.endswith("svg")
        assert figure.alt
        assert figure.caption


def test_the_same_figure_gives_the_same_bytes(model, image):
    first, second = (viz.token_maps(model, image).svg() for _ in range(2))
    assert first == second


def test_nothing_is_left_behind(model, image, history):
    before = dict(matplotlib.rcParams)
    viz.token_maps(model, image).svg()
    viz.training_curve(history).svg()
    assert dict(matplotlib.rcParams) == before
    pyplot = sys.modules.get("matplotlib.pyplot")
    assert pyplot is None or not pyplot.get_fignums()
