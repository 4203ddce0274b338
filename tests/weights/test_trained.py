"""The trained models are the files their cards describe, as good as the cards say."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import minicvt as mc
from minicvt import weights
from minicvt.data import Dataset, load
from minicvt.errors import CheckpointError, UnknownName
from minicvt.files import read_tensors
from minicvt.train import RECIPES, Recipe, fit
from minicvt.train.commands import train_seed
from minicvt.weights import publish, shipped
from tests.house.tree import ROOT
from tests.train.tiny import tiny_data, tiny_model, tiny_recipe

FOLDER = ROOT / "minicvt" / "weights"
NAMES = ["cvt-c8w-digits8", "cvt-rgb32-easy", "cvt-rgb32-mid"]


def test_all_are_there_and_together_within_a_megabyte() -> None:
    assert weights.names() == NAMES
    assert {path.stem for path in FOLDER.glob("*.safetensors")} == set(NAMES)
    sizes = [path.stat().st_size for path in FOLDER.iterdir() if path.suffix != ".py"]
    assert sum(sizes) <= 1_000_000


@pytest.mark.parametrize("name", NAMES)
def test_hash_and_accuracy_are_those_of_the_card(name: str) -> None:
    card = weights.card(name)
    assert shipped.sha256(FOLDER / f"{name}.safetensors") == card.sha256
    model, data = mc.trained(name), load(card.task, card.recipe["seed"])
    assert not model.training
    assert model.dtype == np.float32
    assert model.count_parameters() == card.parameters
    right = publish.hits(model, data)
    assert len(right) == card.test_images
    assert abs(int(right.sum()) - round(card.accuracy * len(right))) <= 2


@pytest.mark.parametrize("name", NAMES)
def test_cards_say_how_to_train_again(name: str) -> None:
    card = weights.card(name)
    seed = card.recipe["seed"]
    recipe = replace(RECIPES[card.task], seed=seed)
    assert Recipe(**card.recipe | {"betas": tuple(card.recipe["betas"])}) == recipe
    assert card.commands == [
        f"minicvt train {card.task} --seed {seed} --out runs",
        f"python -m minicvt.weights.publish {name} {card.task} {seed} runs",
    ]
    assert card.interval[0] < card.accuracy < card.interval[1]


@pytest.mark.parametrize("name", NAMES)
def test_float16_costs_no_accuracy(name: str) -> None:
    card = weights.card(name)
    assert abs(card.accuracy - card.accuracy_float32) <= 1 / card.test_images
    tensors, _ = read_tensors(FOLDER / f"{name}.safetensors")
    floats = {a.dtype for a in tensors.values() if a.dtype.kind == "f"}
    assert floats == {np.dtype("float16")}


@pytest.mark.slow
def test_training_c8w_again_gives_an_accuracy_within_its_interval() -> None:
    card = weights.card("cvt-c8w-digits8")
    recipe = replace(RECIPES[card.task], seed=card.recipe["seed"])
    final = train_seed(recipe.dataset, recipe).epochs[-1].test_accuracy
    low, high = card.interval
    assert low <= final <= high


def test_unknown_names_get_the_nearest() -> None:
    with pytest.raises(UnknownName, match="cvt-rgb32-mid"):
        mc.trained("cvt-rgb32-middle")


def test_another_file_under_that_name_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = bytearray((FOLDER / "cvt-c8w-digits8.safetensors").read_bytes())
    content[-1] ^= 1
    (tmp_path / "cvt-c8w-digits8.safetensors").write_bytes(content)
    monkeypatch.setattr(shipped, "FOLDER", tmp_path)
    with pytest.raises(CheckpointError, match=r"expected SHA-256 .*, found"):
        mc.trained("cvt-c8w-digits8")


@pytest.fixture
def tiny(monkeypatch: pytest.MonkeyPatch) -> Recipe:
    """Make the tests' tiny task one that can be published."""

    def data(name: str, seed: int) -> Dataset:
        return tiny_data()

    monkeypatch.setitem(RECIPES, "tiny", tiny_recipe(seed=3))
    monkeypatch.setattr(publish, "load", data)
    return RECIPES["tiny"]


def trained_tiny(recipe: Recipe, path: Path) -> Any:
    model = tiny_model(recipe)
    fit(model, tiny_data(), recipe, checkpoint=path / "tiny-3.safetensors")
    return model


def test_publishing_a_run(tiny: Recipe, tmp_path: Path) -> None:
    model = trained_tiny(tiny, tmp_path)
    card = publish.publish("mine", "tiny", 3, tmp_path, tmp_path / "out")
    stored = mc.load(tmp_path / "out" / "mine.safetensors")
    for name, array in stored.state_dict().items():
        np.testing.assert_allclose(
            array, model.state_dict()[name], rtol=1e-3, atol=1e-6
        )
    assert card.accuracy == publish.hits(stored, tiny_data()).mean()
    assert card.sha256 == shipped.sha256(tmp_path / "out" / "mine.safetensors")
    assert (tmp_path / "out" / "mine.json").read_text(
        encoding="utf-8"
    ) == card.to_json()


def test_an_unfinished_run_is_not_published(tiny: Recipe, tmp_path: Path) -> None:
    def stop(epoch: Any) -> None:
        raise KeyboardInterrupt

    path = tmp_path / "tiny-3.safetensors"
    with pytest.raises(KeyboardInterrupt):
        fit(tiny_model(tiny), tiny_data(), tiny, checkpoint=path, on_epoch=stop)
    with pytest.raises(
        CheckpointError, match="expected a finished run, it is in epoch 2"
    ):
        publish.publish("mine", "tiny", 3, tmp_path, tmp_path)


def test_the_page_about_them_is_of_these_files() -> None:
    page = (ROOT / "docs" / "trained-models.md").read_text(encoding="utf-8")
    for name in NAMES:
        card = weights.card(name)
        row = re.search(rf"^{name} .*$", page, re.MULTILINE)
        assert row is not None
        assert row[0].split()[-1] == card.sha256[:12]
        assert f"{card.accuracy:.2%}" in row[0]
