"""What the page holds of a model is what the observer saw of it."""

from __future__ import annotations

import json
from base64 import b64decode
from typing import Any

import numpy as np
import pytest

from minicvt import viz
from minicvt.errors import NotFiniteError
from minicvt.interpret import rollout, watch
from minicvt.interpret.explain.packing import unpack
from minicvt.interpret.explain.record import Sight, record
from minicvt.ops import softmax
from minicvt.tensor import no_grad
from minicvt.viz.tokens import components, lengths
from tests.interpret.explaining import image, small

WHOLE = 10**9


def recorded(model: Any, budget: int = WHOLE) -> dict[str, Any]:
    """Record what a trip through JSON leaves."""
    data = record(Sight.of(model, image()), ["a", "b"], budget)
    return json.loads(json.dumps(data))


def decoded(block: dict[str, Any]) -> np.ndarray:
    """Attention (heads, kept queries, keys) of a block on the page."""
    queries, keys = block["queries"], block["keys"]
    kept = queries["special"] + len(block["rows"]) * len(block["columns"])
    shape = (block["heads"], kept, keys["special"] + keys["height"] * keys["width"])
    return unpack(np.frombuffer(b64decode(block["codes"]), np.uint8).reshape(shape))


def shown(tile: dict[str, Any]) -> np.ndarray:
    """Values of a map on the page."""
    codes = np.frombuffer(b64decode(tile["codes"]), np.uint8).reshape(tile["grid"])
    return tile["low"] + codes / 255 * (tile["high"] - tile["low"])


@pytest.mark.parametrize("budget", [WHOLE, 4000])
def test_attention_is_the_observed(budget: int) -> None:
    model = small()
    data, seen = recorded(model, budget), viz.observed(model, image())
    for s, stage in enumerate(data["stages"]):
        for b, block in enumerate(stage["blocks"]):
            found = seen.block(s, b)
            grid = found.query_grid
            places = [
                r * grid.width + c for r in block["rows"] for c in block["columns"]
            ]
            queries = [*range(grid.special), *(grid.special + p for p in places)]
            weights = found.weights[:, queries]
            error = np.abs(decoded(block) - weights).max()
            assert error == pytest.approx(block["error"], rel=1e-6)
            assert error < 0.004
            np.testing.assert_allclose(decoded(block).sum(axis=-1), 1, rtol=1e-12)
            assert block["largest"] == weights[..., found.key_grid.special :].max()
            assert block["queries"] == grid._asdict()
            assert block["keys"] == found.key_grid._asdict()
            assert block["path"] == found.path
    whole = data["stages"][0]["blocks"][0]["rows"] == [*range(14)]
    assert whole == (budget == WHOLE)


def test_keys_have_the_windows_that_made_them() -> None:
    for stage in recorded(small(kv_stride=(4, 2, 1)))["stages"]:
        for block in stage["blocks"]:
            (kernel, stride, padding), keys = block["window"], block["keys"]
            below = (block["queries"]["height"], block["queries"]["width"])
            found = [
                (n + 2 * p - k) // s + 1
                for n, k, s, p in zip(below, kernel, stride, padding, strict=True)
            ]
            assert found == [keys["height"], keys["width"]]


def test_token_maps_are_those_of_the_figures() -> None:
    model = small()
    data, seen = recorded(model), viz.observed(model, image())
    for stage, found in zip(data["stages"], seen.stages, strict=True):
        scores, _ = components(found.tokens)
        for tile, values in zip(
            stage["tiles"], [lengths(found.tokens), *scores], strict=True
        ):
            half = (tile["high"] - tile["low"]) / 255 / 2
            np.testing.assert_allclose(shown(tile), values, atol=half * 1.01)
        assert stage["tiles"][1]["low"] == -stage["tiles"][1]["high"]


def test_rollout_goes_down_through_the_grids() -> None:
    model = small()
    way, levels = recorded(model)["shares"]["way"], watch(model, image()[None])
    assert [step["title"] for step in way] == [
        *("stage 1's tokens", "stage 0's tokens", "pixels")
    ]
    assert [tuple(step["grid"]) for step in way] == [
        *(levels[1].grid[:2], levels[0].grid[:2], (27, 41))
    ]
    whole = rollout(levels)[0]
    np.testing.assert_allclose(shown(way[-1]), whole, atol=whole.max() / 255)
    assert way[-1]["even"] == pytest.approx(whole.sum() / whole.size)


def test_answers_are_the_most_probable() -> None:
    model = small()
    with no_grad():
        expected = softmax(model(image()[None])).numpy()[0]
    answers = recorded(model)["answers"]
    order = np.argsort(-expected, kind="stable")[:5]
    assert [answer["share"] for answer in answers] == pytest.approx(expected[order])
    names = ["a", "b", *(f"class {i}" for i in range(2, 7))]
    assert [answer["name"] for answer in answers] == [names[i] for i in order]


@pytest.mark.parametrize(
    "overrides",
    [
        {"shared": "kv"},
        {"shared": "qkv"},
        {"projection": ("avg",)},
        {"projection": ("linear",)},
        {"projection": ("dense",)},
        {"cls": (True, True, True)},
        {"cls": (False,)},
        {"dialect": "lucidrains"},
        {"dialect": "paper"},
    ],
    ids=str,
)
def test_any_cvt_can_be_recorded(overrides: dict[str, Any]) -> None:
    data = recorded(small(**overrides), 4000)
    assert sum(len(b["rows"]) for s in data["stages"] for b in s["blocks"])
    shares = shown(data["shares"]["way"][-1])
    assert 0.1 < shares.sum() < 1.01


def test_a_window_of_one_convolution_for_all_has_the_stride_of_the_keys() -> None:
    own, common = (recorded(small(shared=s)) for s in ("none", "qkv"))
    for one, other in zip(own["stages"], common["stages"], strict=True):
        windows = [[b["window"] for b in stage["blocks"]] for stage in (one, other)]
        assert windows[0] == windows[1]


def test_a_model_that_answers_nan_is_refused() -> None:
    model = small()
    model.head.bias.assign(np.full(7, np.inf, np.float32))
    with np.errstate(invalid="ignore"), pytest.raises(NotFiniteError):
        Sight.of(model, image())
