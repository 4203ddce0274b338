"""Explain for every paper that attends: its page, its words, and what has none."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import minicvt as mc
from minicvt import viz
from minicvt.cli import main
from minicvt.data.pictures import pillow_image
from minicvt.inference import open_checkpoint
from minicvt.interpret import rollout, watch
from minicvt.interpret.explain.record import Sight, record
from minicvt.interpret.explain.subject import fitted, from_picture
from minicvt.interpret.explain.wording import keys_of, lead, read, reading, way
from tests.interpret.relatives import TINY, convolutional, image_of, tiny
from tests.interpret.test_explain_record import WHOLE, decoded, shown

SIDE = {"pvt": 64, "cmt": 64, "t2t": 48, "t2t-t": 48, "ceit": 48}
KEYS = {"pvt": "reduced", "cmt": "reduced"}
READ = {
    "vit, mean": "the mean of all tokens",
    "deit, distilled": "the class token and the distillation token",
    "ceit": "the class tokens of all blocks",
    "cmt": "the mean of all tokens",
}
BESIDES = {
    "t2t": "the kernel attention in the stem, which has no map",
    "t2t-t": "the attention in the stem, over too many tokens for a page",
    "ceit": "the convolutions in the feed-forwards",
    "cmt": "the local perception units, the convolutions in the feed-forwards",
}


def recorded(model: Any, budget: int = WHOLE) -> dict[str, Any]:
    """Record what a trip through JSON leaves of one image."""
    data = record(Sight.of(model, image_of(model)), [], budget)
    return json.loads(json.dumps(data))


def plain(text: str) -> str:
    return " ".join(text.split())


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    pixels = np.random.default_rng(0).integers(0, 256, (70, 90, 3), np.uint8)
    path = tmp_path / "noise.png"
    pillow_image().fromarray(pixels).save(path)
    return path


def saved(name: str, folder: Path, **overrides: Any) -> Path:
    path = folder / "tiny.safetensors"
    mc.save(tiny(name, **overrides), path)
    return path


@pytest.mark.parametrize("name", TINY)
def test_the_command_writes_a_page(name: str, picture: Path, tmp_path: Path) -> None:
    side, out = SIDE.get(name, 32), tmp_path / "index.html"
    checkpoint = saved(name, tmp_path, image=(side, side))
    options = ["--model", str(checkpoint), "--size", str(side), "--out", str(out)]
    assert main(["explain", str(picture), *options]) == 0
    text = out.read_text(encoding="utf-8")
    found = json.loads(re.search(r'id="data">(.*?)</script>', text, re.DOTALL)[1])
    for one in found["models"]:
        for stage in one["stages"]:
            for block in stage["blocks"]:
                np.testing.assert_allclose(decoded(block).sum(axis=-1), 1, rtol=1e-9)
    assert found["height"] == found["width"] == side
    assert f"From {READ.get(name, 'the class token')} down to the pixels" in text
    assert ("Layer-wise class attention" in text) == (name == "ceit")
    paragraphs = re.findall(r"<p[ >].*?</p>", text, re.DOTALL)
    assert len(paragraphs) > 6
    assert not [one for one in paragraphs if "{" in one]


@pytest.mark.parametrize("name", TINY)
def test_the_record_is_what_was_seen(name: str) -> None:
    model = tiny(name)
    data, seen = recorded(model), viz.observed(model, image_of(model))
    for s, stage in enumerate(data["stages"]):
        assert stage["special"] == list(seen.stages[s].special)
        for b, block in enumerate(stage["blocks"]):
            found = seen.block(s, b)
            assert np.abs(decoded(block) - found.weights).max() < 0.004
            assert block["path"] == found.path
            assert len(stage["special"]) == block["queries"]["special"]
    levels = watch(model, image_of(model)[None])
    whole = rollout(levels)[0]
    way, other = data["shares"]["way"], data["shares"]["other"]
    np.testing.assert_allclose(shown(way[-1]), whole, atol=whole.max() / 255)
    steps = [f"stage {i}'s tokens" for i in reversed(range(len(levels) - 1))]
    assert [tile["title"] for tile in way] == [
        *(steps or ["last 2 blocks"]),
        "pixels",
    ]
    if len(levels) == 1:
        part = rollout(levels, 2)[0]
        np.testing.assert_allclose(shown(way[0]), part, atol=part.max() / 255)
    titles = [tile["title"] for tile in other]
    several = ["last stage alone"] * (len(levels) > 1)
    assert titles == [*several, "last block alone", "contrast, no model"]


@pytest.mark.parametrize("name", TINY)
def test_the_words_are_true_of_the_paper(name: str) -> None:
    model = tiny(name)
    data, config = recorded(model, 4000), model.config
    assert read(data) == READ.get(name, "the class token")
    kind = KEYS.get(name, "tokens")
    assert keys_of(data) == kind
    fewer = "fewer answer than ask: a key stands for a square of tokens"
    assert (fewer in plain(lead(data))) == (kind == "reduced")
    explained, down = plain(reading(data, config)), plain(way(data, config))
    assert ("Every token is a key." in explained) == (kind == "tokens")
    half = " (half each, since the answer is the mean of their two heads)"
    followed = f"{read(data)}{half * (name == 'deit, distilled')}"
    assert f"follows {followed} down through all blocks" in down
    assert ("from each key" in down) == (kind == "reduced")
    assert ("between stages" in down) == (len(config.dims) > 1)
    assert ("those of the stem" in down) == (config.stem != "none")
    besides = re.findall(r"besides is not followed: (.*?)\. Every", down)
    assert besides == ([BESIDES[name]] if name in BESIDES else [])
    assert ("the convolutions before it" in explained) == (config.stem != "none")


@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        ({"projection": "dw_bn", "kv_stride": 2}, "strided"),
        ({"projection": "dw_bn", "kv_stride": 1}, "filtered"),
        ({"projection": "sr", "kv_stride": 2}, "reduced"),
    ],
)
def test_parts_that_mix_are_described_by_what_they_are(
    fields: dict[str, Any], kind: str
) -> None:
    model = tiny("vit", local=True, **fields)
    data = recorded(model)
    assert keys_of(data) == kind
    looks = "the convolutions before the queries, " * (kind != "reduced")
    assert f"{looks}the local perception units" in plain(way(data, model.config))


def test_windows_of_a_reduction_are_its_squares() -> None:
    sides = [8, 4, 2, None]
    for name in ("pvt", "cmt"):
        for stage, side in zip(recorded(tiny(name))["stages"], sides, strict=True):
            expected = None if side is None else [[side] * 2, [side] * 2, [0, 0]]
            assert {json.dumps(b["window"]) for b in stage["blocks"]} == {
                json.dumps(expected)
            }


def test_layers_are_those_of_the_head() -> None:
    model = tiny("ceit")
    seen = viz.observed(model, image_of(model))
    np.testing.assert_array_equal(recorded(model)["layers"], seen.layers)
    assert recorded(tiny("vit"))["layers"] is None


@pytest.mark.parametrize("name", ["vit", "deit, distilled", "t2t", "ceit", "pvt"])
def test_another_size_resamples_positions(
    name: str, picture: Path, tmp_path: Path
) -> None:
    source = open_checkpoint(str(saved(name, tmp_path)))
    found = from_picture(picture, source, None, 96)
    assert found.image.shape == (96, 96, 3)
    assert not found.altered
    grid = Sight.of(found.model, found.image).blocks[0][0].query_grid
    assert (
        grid[:2]
        == found.model.stage0.patch_embed(
            found.model.stem(mc.Tensor(found.image[None]))
        ).shape[1:3]
    )


def test_what_fits_one_size_says_so(
    picture: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = saved("cmt", tmp_path, image=(64, 64))
    assert main(["explain", str(picture), "--model", str(path), "--size", "96"]) == 2
    error = capsys.readouterr().err
    assert "fits no other size" in error
    assert error.count("\n") == 1


def test_models_that_need_no_resampling_stay() -> None:
    for model in (tiny("pvt"), mc.models.build("cvt-c8w"), tiny("vit")):
        assert fitted(model, model.config.image) is model
    for model in (tiny("pvt"), mc.models.build("cvt-c8w")):
        assert fitted(model, (96, 96)) is model


def test_a_network_without_attention_is_refused(
    picture: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, out = tmp_path / "plain.safetensors", tmp_path / "index.html"
    mc.save(convolutional(), path)
    options = ["--model", str(path), "--out", str(out)]
    assert main(["explain", str(picture), *options]) == 2
    error = capsys.readouterr().err
    assert error.startswith("minicvt: error: ResNet has no attention to follow")
    assert error.count("\n") == 1
    assert not out.exists()
