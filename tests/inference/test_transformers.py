"""A photo through a folder of transformers: their processor and model, and ours."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from transformers import CvtConfig, CvtForImageClassification
from transformers.models.convnext.image_processing_pil_convnext import (
    ConvNextImageProcessorPil,
)

from minicvt import cli
from minicvt.data.preprocess import IMAGENET_MEAN, IMAGENET_STD

NAMES = {i: f"thing {i}" for i in range(9)}
SIZE = 64


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Save what ``from_pretrained`` reads: a CvT that has seen noise, a processor."""
    torch.manual_seed(0)
    config = CvtConfig(
        embed_dim=[8, 16, 32], num_heads=[1, 2, 4], depth=[1, 2, 3], id2label=NAMES
    )
    model = CvtForImageClassification(config).train()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))
        for _ in range(3):
            model(torch.randn(4, 3, SIZE, SIZE))
    folder = tmp_path_factory.mktemp("hub")
    model.save_pretrained(folder)
    scale = {"image_mean": list(IMAGENET_MEAN), "image_std": list(IMAGENET_STD)}
    size = {"shortest_edge": SIZE}
    ConvNextImageProcessorPil(size=size, **scale).save_pretrained(folder)
    return folder


def photo(name: str) -> str:
    return str(files("sklearn.datasets") / "images" / f"{name}.jpg")


@pytest.mark.parametrize("name", ["china", "flower"])
def test_the_same_classes_and_probabilities(
    folder: Path, name: str, capsys: pytest.CaptureFixture[str]
):
    processor = ConvNextImageProcessorPil.from_pretrained(folder)
    model = CvtForImageClassification.from_pretrained(folder).eval()
    with Image.open(photo(name)) as image, torch.no_grad():
        logits = model(**processor(image, return_tensors="pt")).logits[0]
    expected = torch.softmax(logits.double(), -1).numpy()

    arguments = [photo(name), "--checkpoint", str(folder), "--json", "--top", "9"]
    assert cli.main(["classify", *arguments]) == 0
    said = json.loads(capsys.readouterr().out)
    answers = said["pictures"][0]["answers"]
    assert said["untrained"] == ""
    assert [a["name"] for a in answers] == [NAMES[i] for i in np.argsort(-expected)]
    for answer in answers:
        probability = expected[answer["index"]]
        assert answer["probability"] == pytest.approx(probability, rel=1e-5)


def test_fresh_weights_of_theirs_are_called_untrained(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    config = CvtConfig(embed_dim=[8, 16, 32], num_heads=[1, 2, 4], depth=[1, 2, 3])
    CvtForImageClassification(config).save_pretrained(tmp_path)
    assert cli.main(["classify", photo("china"), "--checkpoint", str(tmp_path)]) == 0
    assert "weights        UNTRAINED" in capsys.readouterr().out
