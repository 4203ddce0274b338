"""A run that was stopped, or killed, ends with the bits of one that was not."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from minicvt.errors import CheckpointError
from minicvt.files import read_tensors, write_tensors
from minicvt.train import Epoch, History, fit
from tests.train.tiny import tiny_data, tiny_model, tiny_recipe

ROOT = Path(__file__).parents[2]
TIMES = {"seconds", "images_per_second"}


def everything(path: Path) -> tuple[dict[str, bytes], dict[str, object]]:
    """Read all a checkpoint holds, as bytes, but for how long it took."""
    tensors, text = read_tensors(path)
    parsed = {k: json.loads(v) for k, v in text.items() if k != "format"}
    for epoch in parsed["history"]:
        for name in TIMES:
            del epoch[name]
    return {name: array.tobytes() for name, array in tensors.items()}, parsed


class Stop(Exception):
    """Stands for whatever ends a run early."""


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_stopped_after_any_epoch(tmp_path: Path, dtype: str) -> None:
    recipe = tiny_recipe()
    straight = tmp_path / "straight"
    model = tiny_model(recipe, dtype)
    fit(model, tiny_data(), recipe, checkpoint=straight)
    for last in range(1, recipe.epochs + 1):
        path = tmp_path / f"stopped-{last}"

        def stop(epoch: Epoch, last: int = last) -> None:
            if epoch.epoch == last:
                raise Stop

        with pytest.raises(Stop):
            fit(
                tiny_model(recipe, dtype),
                tiny_data(),
                recipe,
                checkpoint=path,
                on_epoch=stop,
            )
        resumed = tiny_model(recipe, dtype)
        history = fit(resumed, tiny_data(), recipe, checkpoint=path)
        assert len(history.epochs) == recipe.epochs
        assert everything(path) == everything(straight)
        for name, array in model.state_dict().items():
            np.testing.assert_array_equal(resumed.state_dict()[name], array)


def test_a_finished_run_is_only_read(tmp_path: Path) -> None:
    recipe = tiny_recipe(epochs=2)
    first = fit(tiny_model(recipe), tiny_data(), recipe, checkpoint=tmp_path / "run")
    before = (tmp_path / "run").read_bytes()
    again = fit(tiny_model(recipe), tiny_data(), recipe, checkpoint=tmp_path / "run")
    assert again == first
    assert (tmp_path / "run").read_bytes() == before


def test_the_seed_decides_every_bit_and_the_checkpoint_none(tmp_path: Path) -> None:
    def losses(seed: int, path: Path | None = None) -> list[float]:
        recipe = tiny_recipe(epochs=2, seed=seed)
        history = fit(tiny_model(recipe), tiny_data(), recipe, checkpoint=path)
        return history.column("loss")

    assert losses(0) == losses(0, tmp_path / "run") != losses(1)


def test_another_run_says_what_differs(tmp_path: Path) -> None:
    path = tmp_path / "run"
    recipe = tiny_recipe(epochs=1)
    fit(tiny_model(recipe), tiny_data(), recipe, checkpoint=path)
    other = tiny_recipe(epochs=1, lr=0.02, seed=3)
    expected = r"recipe lr is 0\.01 in the file, 0\.02 here; recipe seed is 0"
    with pytest.raises(CheckpointError, match=expected):
        fit(tiny_model(other), tiny_data(), other, checkpoint=path)
    with pytest.raises(CheckpointError, match=r"dtype is 'float32' in the file"):
        fit(tiny_model(recipe, "float64"), tiny_data(), recipe, checkpoint=path)


def test_a_run_from_before_a_field_existed(tmp_path: Path) -> None:
    recipe, path = tiny_recipe(), tmp_path / "run"
    first = fit(tiny_model(recipe), tiny_data(), recipe, checkpoint=path)
    tensors, text = read_tensors(path)
    identity = json.loads(text["identity"])
    assert identity["model"].pop("dialect") == "microsoft"
    write_tensors(path, tensors, text | {"identity": json.dumps(identity)})
    assert fit(tiny_model(recipe), tiny_data(), recipe, checkpoint=path) == first


def test_a_file_that_is_no_run(tmp_path: Path) -> None:
    path = tmp_path / "run"
    write_tensors(path, {"weight": np.ones(3)})
    recipe = tiny_recipe()
    with pytest.raises(CheckpointError, match="expected a 'minicvt training run 1'"):
        fit(tiny_model(recipe), tiny_data(), recipe, checkpoint=path)


def test_history_is_json_and_back(tmp_path: Path) -> None:
    recipe = tiny_recipe(epochs=2)
    history = fit(tiny_model(recipe), tiny_data(), recipe)
    assert History.from_json(history.to_json()) == history
    assert history.column("epoch") == [1, 2]
    assert [epoch.seconds_left > 0 for epoch in history.epochs] == [True, False]


def killed(path: Path, epochs: int, delay: float) -> bool:
    """Run the program until ``delay`` s after its first epoch, then kill -9 it."""
    command = [sys.executable, "-m", "tests.train.tiny", str(path), str(epochs)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(delay)
        process.kill()
    return process.returncode != 0


def kill_until_done(path: Path, epochs: int, delays: np.ndarray) -> int:
    """Kill the run once for each delay, let it finish, and count the kills."""
    kills = sum(killed(path, epochs, delay) for delay in delays)
    recipe = tiny_recipe(epochs=epochs)
    fit(tiny_model(recipe), tiny_data(), recipe, checkpoint=path)
    return kills


def straight_through(path: Path, epochs: int) -> None:
    recipe = tiny_recipe(epochs=epochs)
    fit(tiny_model(recipe), tiny_data(), recipe, checkpoint=path)


def test_kill_9(tmp_path: Path) -> None:
    epochs = 100
    straight_through(tmp_path / "straight", epochs)
    assert kill_until_done(tmp_path / "killed", epochs, np.array([0.02])) == 1
    assert everything(tmp_path / "killed") == everything(tmp_path / "straight")


@pytest.mark.slow
def test_kill_9_at_many_moments(tmp_path: Path) -> None:
    epochs = 400
    delays = np.random.default_rng(0).uniform(0, 0.2, size=30)
    straight_through(tmp_path / "straight", epochs)
    assert kill_until_done(tmp_path / "killed", epochs, delays) >= 20
    assert everything(tmp_path / "killed") == everything(tmp_path / "straight")
