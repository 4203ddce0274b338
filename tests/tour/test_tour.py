"""The tour, in one epoch: what it prints, what it writes, and what it needs."""

from __future__ import annotations

import io
import re
import subprocess
import sys
import webbrowser
from contextlib import redirect_stdout
from dataclasses import replace

import numpy as np
import pytest

import minicvt as mc
from minicvt import tour
from minicvt.tour.report import title
from minicvt.tour.session import Session
from minicvt.train import RECIPES, History


@pytest.fixture(scope="module")
def toured(tmp_path_factory):
    """The folder and the output of a tour of one epoch, opened at the end."""
    out = tmp_path_factory.mktemp("tour") / "new folder"
    recipe = replace(RECIPES["digits8"], epochs=1)
    opened, printed = [], io.StringIO()
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(printed):
        patch.setattr(webbrowser, "open", opened.append)
        index = tour.run(out, seed=5, show=True, recipe=recipe)
    assert index == out / "index.html"
    assert opened == [index.as_uri()]
    return out, printed.getvalue()


def test_it_prints_accuracy_tables_and_what_next(toured):
    out, printed = toured
    assert re.search(r"Test accuracy \d+\.\d%: \d+ of 360 digits", printed)
    assert re.search(r"total +37,642 +766,272", printed)
    assert re.search(r"total +19,997,480 +4,566,089,216", printed)
    assert re.search(r"model +6,643,074,560 +4,566,089,216 +1\.455x", printed)
    assert printed.splitlines()[-1].startswith("Next       make lab")
    assert str(out / "index.html") in printed


def test_the_page_has_every_part(toured):
    html = (toured[0] / "index.html").read_text(encoding="utf-8")
    for heading in (
        *("The way of one digit", "How it learned", "What it looks at"),
        *("What it costs", "How this page was made"),
    ):
        assert f">{heading}" in html
    assert html.count("<svg ") == 2 + 2 + 1 + 3 * 4 + 2
    assert html.count("untrained control") == 3
    assert "minicvt tour --seed 5" in html
    assert f"<td>{mc.__version__}</td>" in html or mc.__version__ in html
    assert "4,566,089,216" in html


def test_the_page_asks_for_nothing(toured):
    html = (toured[0] / "index.html").read_text(encoding="utf-8")
    assert not re.search(r'(src|href)="(?!#|data:)', html)


def test_the_model_it_saves_is_the_one_it_shows(toured):
    out, printed = toured
    model = mc.load(out / "cvt-c8w.safetensors")
    digits = mc.data.digits(5)
    right = mc.predict(model, digits.test_images).argmax(axis=1) == digits.test_labels
    assert f": {right.sum()} of 360" in printed


def test_a_folder_it_cannot_write_is_refused_before_training(tmp_path, monkeypatch):
    monkeypatch.setattr(tour, "train", lambda recipe: pytest.fail("it trained"))
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match="file"):
        tour.run(tmp_path / "file")


def session(answers: list[int]) -> Session:
    """Four test digits 0, 1, 2, 3 with these answers, the first ones surest."""
    digits = mc.data.digits(0)
    dataset = replace(
        digits, test_images=digits.test_images[:4], test_labels=np.arange(4)
    )
    probabilities = np.full((4, 10), 0.01)
    probabilities[range(4), answers] = [0.9, 0.8, 0.7, 0.6]
    recipe = RECIPES["digits8"]
    return Session(recipe, dataset, None, None, History(), probabilities, 1.0)


def test_mistakes_are_the_surest_first():
    made = session([0, 3, 2, 1])
    assert made.wrong.tolist() == [1, 3]
    assert made.right.tolist() == [0, 2]
    assert made.accuracy == 0.5
    assert title(made, 1) == "A 1, read as 3 (80%)"


def test_without_mistakes_there_are_none():
    assert session([0, 1, 2, 3]).wrong.tolist() == []


@pytest.mark.parametrize("package", ["matplotlib", "sklearn"])
def test_what_is_missing_is_one_line(package, tmp_path):
    hide = f"import sys; sys.modules[{package!r}] = None; from minicvt.cli import main"
    code = f"{hide}; sys.exit(main(['tour', '--out', {str(tmp_path)!r}]))"
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, encoding="utf-8"
    )
    assert run.returncode == 2
    assert len(run.stderr.splitlines()) == 1
    assert 'pip install "minicvt[tour]"' in run.stderr
    assert list(tmp_path.iterdir()) == []
