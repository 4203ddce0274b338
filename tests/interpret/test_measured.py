"""What is quoted of a study is what the study found, of the weights that are here."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from minicvt import weights
from minicvt.cli import main
from minicvt.errors import UnknownName
from minicvt.interpret.measured import kept, measured
from tests.house.tree import ROOT

FOLDER = ROOT / "minicvt" / "interpret" / "measured"
NAMES = sorted(path.stem for path in FOLDER.glob("*.json"))


@pytest.mark.parametrize("name", NAMES)
def test_what_is_kept_is_of_these_weights(name: str) -> None:
    found = measured(name)
    assert found is not None
    assert found.task == weights.card(name).task
    assert found.images >= 300
    assert (FOLDER / f"{name}.json").read_text(encoding="utf-8") == found.to_json()


@pytest.mark.parametrize("name", NAMES)
def test_the_page_about_trained_models_says_the_same(name: str) -> None:
    found = measured(name)
    assert found is not None
    text = (ROOT / "docs" / "trained-models.md").read_text(encoding="utf-8")
    lines = [" ".join(line.split()) for line in text.splitlines()]
    for row in found.rows:
        assert " ".join(row) in lines
    assert set(found.verdicts) <= set(lines)


def test_a_study_comes_back_from_its_file(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    name = "cvt-rgb32-easy"
    assert main(["faithful", name, "--images", "3", "--keep", str(tmp_path)]) == 0
    monkeypatch.setattr(kept, "FOLDER", tmp_path)
    found = measured(name)
    assert found is not None
    assert found.images == 3
    printed = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
    assert {" ".join(row) for row in found.rows} <= set(printed)
    assert set(found.verdicts) <= set(printed)


def test_other_weights_have_not_been_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = NAMES[0]
    values = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    other = values | {"sha256": "0" * 64}
    (tmp_path / f"{name}.json").write_text(json.dumps(other), encoding="utf-8")
    monkeypatch.setattr(kept, "FOLDER", tmp_path)
    assert measured(name) is None


def test_digits_have_no_study() -> None:
    assert measured("cvt-c8w-digits8") is None
    with pytest.raises(UnknownName):
        measured("cvt-rgb33")
