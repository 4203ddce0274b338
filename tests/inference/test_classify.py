"""``minicvt classify``: answers, what it says of them, and what it refuses."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from minicvt import cli, models, ops
from minicvt.data import digits
from minicvt.data.pictures import read_picture
from minicvt.data.preprocess import Preprocess
from minicvt.errors import CheckpointError, OptionError
from minicvt.inference import classify, open_checkpoint
from minicvt.interop import load, save
from minicvt.weights import names
from tests.inference.made import (
    NAMES,
    SIZE,
    make_checkpoint,
    make_hub_folder,
    make_model,
    make_pictures,
)


@pytest.fixture
def pictures(tmp_path: Path) -> list[str]:
    root = make_pictures(tmp_path / "pictures", each=3)
    return [str(root / name) for name in ("ant/0.JPEG", "bee/1.png", "cat/2.png")]


def run(*arguments: str) -> int:
    return cli.main(["classify", *arguments])


def test_answers_are_the_softmax_of_the_logits(tmp_path: Path, pictures: list[str]):
    source = open_checkpoint(make_checkpoint(tmp_path / "tiny.safetensors"))
    model = source.model()
    preprocess = source.preprocess(model.config)
    assert preprocess == Preprocess.official(SIZE)
    found = classify(model, pictures, preprocess, labels=NAMES, top=2)
    for path, answers in zip(pictures, found, strict=True):
        row = ops.softmax(make_model()(preprocess(read_picture(path))[None])).numpy()[0]
        order = sorted(range(3), key=lambda i: -row[i])[:2]
        assert [answer.index for answer in answers] == order
        assert [answer.name for answer in answers] == [NAMES[i] for i in order]
        np.testing.assert_allclose([a.probability for a in answers], row[order], 1e-5)


def test_it_says_what_it_did(
    tmp_path: Path, pictures: list[str], capsys: pytest.CaptureFixture[str]
):
    checkpoint = make_checkpoint(tmp_path / "tiny.safetensors")
    assert run(*pictures, "--checkpoint", checkpoint) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f"checkpoint     {checkpoint} (layout official)"
    parameters = f"{make_model().count_parameters():,}"
    assert lines[1] == (
        f"model          cvt-rgb32, dialect microsoft, {parameters} parameters, "
        "3 classes"
    )
    assert lines[2] == (
        f"preprocessing  {Preprocess.official(SIZE)} "
        "(the official code's: it says none)"
    )
    assert [line for line in lines if line in pictures] == pictures
    assert "UNTRAINED" not in "\n".join(lines)
    shares = [float(line.split("%")[0]) for line in lines if "%" in line]
    assert sum(shares) == pytest.approx(100 * len(pictures), abs=1)


def test_a_hub_folder_brings_names_and_preprocessing(
    tmp_path: Path, pictures: list[str], capsys: pytest.CaptureFixture[str]
):
    folder = make_hub_folder(tmp_path / "hub")
    assert run(pictures[0], "--checkpoint", folder, "--json") == 0
    said = json.loads(capsys.readouterr().out)
    assert said["layout"] == said["model"]["dialect"] == "hf"
    assert said["preprocessing"]["size"] == 20
    assert said["preprocessing"]["crop_pct"] == 0.8
    assert {a["name"] for a in said["pictures"][0]["answers"]} == set(NAMES)
    assert run(pictures[0], "--checkpoint", folder) == 0
    assert "(its own)" in capsys.readouterr().out


def test_a_dialect_and_a_size(
    tmp_path: Path, pictures: list[str], capsys: pytest.CaptureFixture[str]
):
    options = ["--checkpoint", make_checkpoint(tmp_path / "tiny"), "--json"]
    probabilities = []
    for more in ([], ["--dialect", "hf"], ["--size", "40"]):
        assert run(pictures[0], *options, *more) == 0
        said = json.loads(capsys.readouterr().out)
        found = {a["index"]: a["probability"] for a in said["pictures"][0]["answers"]}
        probabilities.append([found[i] for i in range(3)])
    microsoft, hf, larger = probabilities
    image = Preprocess.official(SIZE)(read_picture(pictures[0]))[None]
    as_hf = load(tmp_path / "tiny", dialect="hf")(image)
    np.testing.assert_allclose(hf, ops.softmax(as_hf).numpy()[0], rtol=1e-5)
    assert microsoft != hf
    assert microsoft != larger


def test_a_relative_at_its_size_and_at_another(
    tmp_path: Path, pictures: list[str], capsys: pytest.CaptureFixture[str]
):
    """Its positions are resampled; it has no dialect to speak of."""
    tiny = {"dims": 12, "heads": 3, "depths": 1, "num_classes": 4, "image": (32, 32)}
    model = models.build("deit-tiny", **tiny).eval()
    path = str(tmp_path / "deit")
    save(model, path)
    for size, fits in ((32, model), (48, model.resize((48, 48)))):
        assert run(pictures[0], "--checkpoint", path, "--size", str(size)) == 0
        out = capsys.readouterr().out
        assert f"model          deit-tiny, {fits.count_parameters():,} param" in out
        image = Preprocess.official(32).at(size)(read_picture(pictures[0]))[None]
        expected = ops.softmax(fits(image)).numpy().max()
        assert f"  {expected:6.1%}  " in out


def test_what_fits_one_size_alone_says_so(
    tmp_path: Path, pictures: list[str], capsys: pytest.CaptureFixture[str]
):
    path = str(tmp_path / "cmt")
    tiny = {"dims": (8, 8), "heads": 1, "depths": 1, "embed": ((2, 2, 0),) * 2}
    save(models.build("cmt-ti", **tiny, kv_stride=2, image=(32, 32)), path)
    assert run(pictures[0], "--checkpoint", path, "--size", "48") == 2
    assert "fits no other size: 12 x 12" in capsys.readouterr().err


@pytest.mark.parametrize("how", ["name", "official", "hf"])
def test_untrained_weights_are_called_so(
    tmp_path: Path, pictures: list[str], how: str, capsys: pytest.CaptureFixture[str]
):
    if how == "name":
        checkpoint = "cvt-rgb32"
    else:
        checkpoint = str(tmp_path / "fresh")
        model = models.build("cvt-13", depths=(1, 2, 3), dims=(8, 12, 16), heads=(1,))
        save(model.config.override(activation="gelu").build(), checkpoint, how)
    assert run(pictures[0], "--checkpoint", checkpoint, "--size", "32") == 0
    assert "\nweights        UNTRAINED: " in capsys.readouterr().out


def test_models_that_come_with_the_library(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    """Digits as pictures of dark ink on white paper are read as in the data set."""
    data = digits(0)
    ink = data.test_images[:40] / data.train_images.max()
    paths = [tmp_path / f"{i}.png" for i in range(len(ink))]
    for path, image in zip(paths, ink, strict=True):
        paper = np.round(255 * (1 - image[..., 0])).astype(np.uint8)
        Image.fromarray(paper).save(path)
    source = open_checkpoint("cvt-c8w-digits8")
    model = source.model()
    preprocess = source.preprocess(model.config)
    seen = np.stack([preprocess(read_picture(path)) for path in paths])
    assert np.abs(seen - data.test_images[:40]).max() < 0.51 / 255 / ink.max() * 4
    answers = classify(model, paths, preprocess, labels=source.labels)
    right = [
        a[0].name == str(y) for a, y in zip(answers, data.test_labels[:40], strict=True)
    ]
    assert np.mean(right) > 0.7
    assert not source.untrained()


@pytest.mark.parametrize("name", names())
def test_every_model_that_comes_along_classifies(name: str, pictures: list[str]):
    assert run(*pictures, "--checkpoint", name) == 0


def test_errors_are_one_line_and_nothing_else(
    tmp_path: Path, pictures: list[str], capsys: pytest.CaptureFixture[str]
):
    checkpoint = make_checkpoint(tmp_path / "tiny")
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(Path(pictures[0]).read_bytes()[:300])
    narrow = tmp_path / "narrow.png"
    Image.new("RGB", (65_000, 1)).save(narrow)
    for arguments, message in (
        ([pictures[0], str(broken)], f"{broken}: damaged picture: "),
        ([str(narrow), "--size", "200"], f"{narrow}: 65000 x 1 pixels: too narrow"),
        ([str(tmp_path / "none.jpg")], "[Errno 2] No such file or directory"),
        ([pictures[0], "--dialect", "hff"], f"{checkpoint}: configuration: unknown"),
    ):
        assert run(*arguments, "--checkpoint", checkpoint) == 2
        out, err = capsys.readouterr()
        assert out == ""
        assert err.startswith(f"minicvt: error: {message}")
        assert err.count("\n") == 1
    assert run(pictures[0], "--checkpoint", str(tmp_path / "none")) == 2
    assert "no such file or folder" in capsys.readouterr().err


def test_a_model_that_takes_no_rgb_must_say_how(tmp_path: Path):
    save(models.build("cvt-c8w"), tmp_path / "grey")
    source = open_checkpoint(str(tmp_path / "grey"))
    with pytest.raises(OptionError, match="takes 1 channels, and does not say how"):
        source.preprocess(source.model().config)


@pytest.mark.parametrize(
    ("file", "content", "message"),
    [
        ("preprocessor_config.json", "{", r"preprocessor_config\.json: "),
        ("preprocessor_config.json", "[1]", r"preprocessor_config\.json: "),
        ("preprocessor_config.json", '{"do_pad": true}', "do_pad is True"),
    ],
)
def test_damaged_preprocessing(tmp_path: Path, file: str, content: str, message: str):
    folder = Path(make_hub_folder(tmp_path / "hub"))
    (folder / file).write_text(content, encoding="utf-8")
    with pytest.raises(CheckpointError, match=message):
        open_checkpoint(str(folder))


def test_damaged_names(tmp_path: Path):
    folder = Path(make_hub_folder(tmp_path / "hub"))
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    config["id2label"] = {"0": "ant", "2": "cat"}
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    with pytest.raises(CheckpointError, match="id2label: no class '1' in it"):
        open_checkpoint(str(folder))
