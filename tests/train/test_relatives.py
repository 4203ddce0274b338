"""Every paper's small model learns, with one recipe and the same ``fit``."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import minicvt as mc
from minicvt import models, ops
from minicvt.data import load, logistic_regression
from minicvt.errors import UnknownName
from minicvt.models.registry import PAPERS
from minicvt.train import RECIPES, Run, commands
from minicvt.train.loop import train_step

SMALL = [f"{paper}-digits16" for paper in PAPERS]
# Lower 95 % prediction bounds of one run, from PyTorch runs of a smaller CvT.
BOUNDS = {"digits16": 0.963, "pair8": 0.906, "roam16": 0.920}


@pytest.mark.parametrize("name", SMALL)
def test_all_are_as_large_as_c8w(name: str) -> None:
    with mc.shapes_only():
        ours, first = (models.build(n).count_parameters() for n in (name, "cvt-c8w"))
    assert ours == pytest.approx(first, rel=0.2)
    assert models.variant(name).image == (16, 16)


def test_a_recipe_fits_the_model_to_the_data() -> None:
    recipe = commands.chosen("pair8", "vit-digits16")
    config = recipe.build(load("pair8")).config
    assert (config.image, config.in_chans, config.num_classes) == ((8, 16), 1, 2)
    assert config.dims == models.variant("vit-digits16").dims
    roaming = RECIPES["roam16"].build(load("roam16")).config
    assert roaming.kv_stride == (1, 1)
    chosen = replace(recipe, overrides={"num_classes": 3}, seed=1)
    assert chosen.build(load("pair8")).config.num_classes == 3


def test_two_heads_learn_the_labels_by_half_each() -> None:
    """As one of the mean cross-entropy, and hits are those of the mean logits."""
    recipe = replace(RECIPES["digits16"], model="deit-digits16")
    data, step = load("digits16"), {}
    images, labels = data.train_images[:8].astype(np.float64), data.train_labels[:8]
    for way in ("fit", "by hand"):
        model = models.build("deit-digits16", dtype="float64", seed=1)
        run = Run.start(model, data, replace(recipe, clip_norm=1e9))
        if way == "fit":
            loss, hits = train_step(run, images, labels, lr=0.01)
        else:
            y, y_dist = model(images)
            two = [ops.cross_entropy(head, labels) for head in (y, y_dist)]
            ((two[0] + two[1]) * 0.5).backward()
            assert loss == pytest.approx((two[0].item() + two[1].item()) / 2)
            assert hits == ((y + y_dist).numpy().argmax(-1) == labels).sum()
        step[way] = {n: p.grad for n, p in model.named_parameters()}
    for name, gradient in step["by hand"].items():
        np.testing.assert_allclose(step["fit"][name], gradient, rtol=1e-12, atol=1e-18)
    assert abs(step["fit"]["head_dist.weight"]).max() > 1e-3


def test_train_command_with_another_model(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = {"model": "vitdigits16", "epochs": 1, "out": tmp_path}
    histories = commands.train("digits16", [0, 2], **options)
    text = capsys.readouterr().out
    finals = [history.epochs[-1].test_accuracy for history in histories]
    lines = [logistic_regression(load("digits16", seed), seed) for seed in (0, 2)]
    for seed, final, line in zip((0, 2), finals, lines, strict=True):
        assert (
            f"vit-digits16 on digits16, seed {seed}: test accuracy {final:.1%}" in text
        )
        assert f"logistic regression on the same split {line:.1%}" in text
    points = 100 * (np.mean(finals) - np.mean(lines))
    assert f"2 seeds: minus logistic regression {points:+.2f} points" in text
    assert {file.name for file in tmp_path.iterdir()} == {
        f"digits16-vit-digits16-{seed}.safetensors" for seed in (0, 2)
    }
    assert commands.train("digits16", [0, 2], **options) == histories
    with pytest.raises(UnknownName, match="did you mean vit-digits16"):
        commands.train("digits16", model="vit-digit16")


def test_what_comes_before_is_trained_with_the_same_model() -> None:
    recipe = replace(commands.chosen("composites-mid", "vit-ti16"), seed=3)
    (first, before), (last, after) = commands.lineage("composites-mid", recipe)
    assert (first, last) == ("composites-easy", "composites-mid")
    assert (before.model, before.seed) == (after.model, after.seed) == ("vit-ti16", 3)
    assert before.dataset == "composites-easy"


@pytest.mark.slow
@pytest.mark.parametrize("name", SMALL)
def test_it_beats_logistic_regression_on_the_same_splits(name: str) -> None:
    """On the mean of three: the last bits of a kernel move one run by a point."""
    seeds = [0, 1, 2]
    histories = commands.train("digits16", seeds, model=name)
    lines = [logistic_regression(load("digits16", seed), seed) for seed in seeds]
    finals = [history.epochs[-1].test_accuracy for history in histories]
    assert np.mean(finals) > np.mean(lines)


@pytest.mark.slow
@pytest.mark.parametrize("task", BOUNDS)
def test_the_other_tasks_are_learnt(task: str) -> None:
    assert commands.train(task)[0].epochs[-1].test_accuracy >= BOUNDS[task]
