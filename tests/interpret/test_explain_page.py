"""The page of explain: whole, quiet, honest about the weights; the command's errors."""

from __future__ import annotations

import dataclasses
import json
import re
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from minicvt import data, weights
from minicvt.cli import main
from minicvt.data.pictures import pillow_image
from minicvt.inference import open_checkpoint
from minicvt.interpret.explain import commands, records
from minicvt.interpret.explain.commands import BUDGET, CONTROLS, quoted
from minicvt.interpret.explain.facts import (
    TRAINED,
    UNKNOWN,
    UNTRAINED,
    standing,
    training,
)
from minicvt.interpret.explain.page import html
from minicvt.interpret.explain.subject import from_picture, from_sample
from minicvt.interpret.measured import Measured, measured
from tests.interpret.explaining import image, subject, written

DIGITS = "cvt-c8w-digits8"


class Parsed(HTMLParser):
    """Tags with their attributes, and the text of scripts."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        if self.tags and self.tags[-1][0] == "script":
            self.scripts.append(data)


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> str:
    return written(tmp_path_factory.mktemp("page")).read_text(encoding="utf-8")


def held(text: str) -> dict[str, Any]:
    """Return the data in a page."""
    return json.loads(re.search(r'id="data">(.*?)</script>', text, re.DOTALL)[1])


def test_it_asks_for_nothing(page: str) -> None:
    parsed = Parsed(page)
    wanted = ("src", "href", "srcset", "action", "poster")
    asked = [a[k] for _, a in parsed.tags for k in wanted if a.get(k)]
    assert asked == []
    code = re.sub(r'"[A-Za-z0-9+/=]{40,}"|data:image/png;base64,\S+?"', "", page)
    assert not re.search(r"https?:|//[a-z]|@import|url\(|fetch\(|XMLHttp", code)
    policy = [a["content"] for _, a in parsed.tags if a.get("http-equiv")]
    assert policy[0].startswith("default-src 'none'; img-src data:;")


def test_ids_are_unique_and_scripts_find_them(page: str) -> None:
    ids = Counter(a["id"] for _, a in Parsed(page).tags if a.get("id"))
    used = set(re.findall(r'(?:element|getElementById|choice)\("(\w+)"', page))
    assert {"stage", "block", "panels", "data"} <= used
    assert used <= ids.keys()
    assert set(ids.values()) == {1}


def test_names_cannot_break_out_of_the_data(tmp_path: Path) -> None:
    given = subject(tmp_path)
    evil = "</script><script>alert(1)</script>"
    source = dataclasses.replace(given.source, labels=(evil,) * 7)
    given = dataclasses.replace(given, source=source, what=evil, credits=evil)
    text = html(given, [*records(given)], evil, None)
    assert len([tag for tag, _ in Parsed(text).tags if tag == "script"]) == 2
    assert held(text)["models"][0]["answers"][0]["name"] == evil


def test_it_has_the_model_and_untrained_ones(page: str, tmp_path: Path) -> None:
    names = [model["name"] for model in held(page)["models"]]
    controls = [f"untrained, seed {seed}" for seed in range(1, CONTROLS + 1)]
    assert names == ["small.safetensors", *controls]
    kinds = [model["kind"] for model in held(page)["models"]]
    assert set(kinds[1:]) == {UNTRAINED}
    answers = [model["answers"] for model in held(page)["models"]]
    assert len({json.dumps(answer) for answer in answers}) == len(answers)


def test_where_the_page_is_full_there_is_one_untrained_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commands, "BUDGET", 10_000)
    models = [*records(subject(tmp_path))]
    assert len(models) == 2
    assert sum(len(b["codes"]) for m in models for b in blocks(m)) <= 10_000 * 1.34
    steps = [[len(b["rows"]) for b in blocks(m)] for m in models]
    assert steps[0] == steps[1]


def blocks(model: dict[str, Any]) -> list[dict[str, Any]]:
    return [block for stage in model["stages"] for block in stage["blocks"]]


def test_which_queries_are_missing_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert BUDGET * 4 / 3 < 5e6
    monkeypatch.setattr(commands, "BUDGET", 10_000)
    given = subject(tmp_path)
    text = html(given, [*records(given)], "a command", None)
    assert re.search(r"of the queries only \d+ x \d+ of 14 x 21 in stage 0", text)


def test_the_picture_is_what_the_model_saw(tmp_path: Path) -> None:
    given = subject(tmp_path)
    assert given.picture.shape == (27, 41, 3)
    mean, std = given.preprocess.mean, given.preprocess.std
    back = (given.picture / 255 - mean) / std
    inside = (given.picture > 0) & (given.picture < 255)
    np.testing.assert_allclose(back[inside], image()[inside], atol=0.5 / 255 / 0.2)


def test_random_weights_are_called_untrained() -> None:
    kind, why = training(open_checkpoint("cvt-c8w"))
    assert kind == UNTRAINED
    assert "random" in why


def test_trained_weights_are_told_by_card_and_by_statistics(tmp_path: Path) -> None:
    kind, why = training(open_checkpoint(DIGITS))
    assert kind == TRAINED
    assert f"{weights.card(DIGITS).accuracy:.1%}" in why
    fresh = subject(tmp_path).source
    assert training(fresh)[0] == UNTRAINED
    tensors = {
        name: array + name.endswith("running_mean")
        for name, array in fresh.contents.tensors.items()
    }
    seen = dataclasses.replace(fresh, contents=fresh.contents._replace(tensors=tensors))
    assert training(seen)[0] == TRAINED
    bare = {k: v for k, v in tensors.items() if "running" not in k}
    bare_contents = fresh.contents._replace(tensors=bare)
    unknown = dataclasses.replace(fresh, contents=bare_contents)
    assert training(unknown)[0] == UNKNOWN


def test_the_page_says_it_all(page: str) -> None:
    assert '<span class="badge untrained">untrained</span>' in page
    assert "microsoft: quick_gelu, attention scale dim^-0.5" in page
    assert "Every query and every key is here." in page
    assert "4 times" in page
    assert "Thanks." in page


def test_what_is_known_of_a_model_is_not_said_of_another_dialect() -> None:
    source = open_checkpoint(DIGITS)
    own, other = (from_sample(0, source, dialect) for dialect in (None, "paper"))
    assert standing(own) == training(source)
    assert standing(other)[1].endswith("another dialect, paper")
    found = Measured(DIGITS, "digits8", "", 1, [], [])
    pages = [html(given, [*records(given)], "", found) for given in (own, other)]
    said = [f"for {DIGITS}{more}." for more in ("", ", but not in the dialect above")]
    for text, page in zip(said, pages, strict=True):
        assert text in re.sub(r"\s+", " ", page)


def test_what_was_measured_is_quoted(tmp_path: Path) -> None:
    rows = [["rollout", "0.1 [0.0, 0.2]", "0.9 [0.8, 1.0]"]]
    found = Measured("mine", "task", "0", 30, rows, ["It wins."])
    given = subject(tmp_path)
    text = html(given, [*records(given)], "a command", found)
    assert "for mine, which is not the model above." in " ".join(text.split())
    assert "0.1 [0.0,\u00a00.2]" in text
    assert "It wins." in text


def test_a_model_is_quoted_for_itself_or_for_the_first() -> None:
    first = quoted(open_checkpoint(commands.DEFAULT))
    assert first == measured(commands.DEFAULT)
    assert first is not None
    assert first.name == commands.DEFAULT
    assert quoted(open_checkpoint("cvt-c8w")) == first


def test_a_sample_is_held_out(tmp_path: Path) -> None:
    found = from_sample(3, open_checkpoint(DIGITS), None)
    task = data.load("digits8", 0)
    np.testing.assert_array_equal(found.image, task.test_images[3])
    assert found.what.endswith(str(task.test_labels[3]))
    assert found.picture.min() == 0
    assert found.picture.max() == 255


def test_composites_are_credited() -> None:
    found = from_sample(0, open_checkpoint("cvt-rgb32-easy"), None)
    assert "Creative Commons Attribution" in found.credits
    assert found.picture.shape == (32, 32, 3)


def test_a_picture_takes_its_checkpoint_s_way(tmp_path: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (30, 50, 3), np.uint8)
    path = tmp_path / "wide.png"
    pillow_image().fromarray(pixels).save(path)
    source = open_checkpoint("cvt-rgb32-easy")
    found = from_picture(path, source, None, None)
    preprocess = source.preprocess(found.model.config)
    np.testing.assert_array_equal(found.picture, preprocess.crop(pixels))
    assert found.what.startswith("wide.png, ")


def test_the_command_writes_the_page(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "new" / "index.html"
    arguments = ["explain", "--sample", "3", "--model", DIGITS, "--out", str(out)]
    assert main(arguments) == 0
    text = out.read_text(encoding="utf-8")
    assert f"What {DIGITS} attends to" in text
    assert f"minicvt explain --sample 3 --checkpoint {DIGITS}" in text
    assert str(tmp_path) not in text
    assert capsys.readouterr().out.startswith("held-out sample 3 of digits8")
    assert [path.name for path in out.parent.iterdir()] == ["index.html"]
    assert len(text) < 1e6


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            f"a.jpg --sample 3 --model {DIGITS}",
            "expected a picture or a sample, got a.jpg and 3",
        ),
        (f"--sample 360 --model {DIGITS}", "sample 360: digits8 has 0 to 359"),
        ("--model cvt-c8w", "cvt-c8w comes without samples: give it a PICTURE"),
        (f"--size 9 --model {DIGITS}", "size 9 is for pictures"),
        (f"missing.jpg --model {DIGITS}", "[Errno 2] No such file"),
        ("--model cvt-rgb33-mid", "cvt-rgb33-mid: no such file or folder"),
        ("--sample x", "explain: argument --sample: expected a whole number"),
    ],
)
def test_errors_are_one_line(
    arguments: str,
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["explain", *arguments.split()]) == 2
    error = capsys.readouterr().err
    assert error.startswith(f"minicvt: error: {message}")
    assert error.count("\n") == 1
    assert list(tmp_path.iterdir()) == []
