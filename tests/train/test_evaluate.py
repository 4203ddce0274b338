"""Prediction leaves no trace in the model, and results are reported as they are."""

from __future__ import annotations

import io
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from minicvt import ops
from minicvt.errors import OptionError, ShapeError, UnknownName
from minicvt.nn.evaluate import batch_for
from minicvt.threads import limit
from minicvt.train import (
    RECIPES,
    Epoch,
    Progress,
    accuracy,
    commands,
    interval,
    predict,
    progress_line,
)
from minicvt.train.history import Tally
from minicvt.train.progress import clock
from tests.train.tiny import tiny_data, tiny_model, tiny_recipe


def test_predict_restores_every_mode_and_records_nothing() -> None:
    model, data = tiny_model(tiny_recipe()), tiny_data()
    model.train()
    model.stage0.eval()  # a frozen stage stays frozen
    modes = [module.training for _, module in model.named_modules()]
    state = model.state_dict()
    probabilities = predict(model, data.test_images, batch_size=4)
    assert [module.training for _, module in model.named_modules()] == modes
    assert all(p.grad is None for _, p in model.named_parameters())
    for name, array in model.state_dict().items():
        np.testing.assert_array_equal(array, state[name])
    np.testing.assert_allclose(probabilities.sum(-1), 1, rtol=1e-6)


def test_predict_is_the_softmax_of_evaluation_in_any_batches() -> None:
    model, images = tiny_model(tiny_recipe(), "float64"), tiny_data().train_images
    batched = predict(model, images, batch_size=7)
    expected = ops.softmax(model.eval()(images)).numpy()
    np.testing.assert_allclose(batched, expected, rtol=1e-12)


@pytest.mark.parametrize(
    ("count", "pixels", "cores", "expected"),
    [
        (1, 224 * 224, 2, 1),
        (3, 224 * 224, 2, 2),  # two, then one
        (8, 224 * 224, 2, 4),
        (8, 224 * 224, 1, 8),
        (32, 224 * 224, 2, 8),  # twice eight each, not sixteen
        (5, 2048 * 2048, 2, 1),
        (64, 8 * 8, 2, 64),  # not worth a second thread
        (360, 8 * 8, 2, 180),
        (360, 8 * 8, 8, 180),
        (7, 0, 2, 7),
    ],
)
def test_batches_are_as_many_for_each_thread(
    count: int, pixels: int, cores: int, expected: int
) -> None:
    with limit(cores):
        assert batch_for(count, pixels) == expected


def test_mode_comes_back_after_an_error() -> None:
    model = tiny_model(tiny_recipe())
    with pytest.raises(ShapeError):
        predict(model, np.zeros((2, 8, 8, 5), np.float32))
    assert all(module.training for _, module in model.named_modules())
    with pytest.raises(
        ShapeError, match=r"expected \(N, H, W, C\), got \(0, 8, 8, 1\)"
    ):
        predict(model, np.zeros((0, 8, 8, 1), np.float32))


def test_accuracy_counts_the_most_probable() -> None:
    model, data = tiny_model(tiny_recipe()), tiny_data()
    best = predict(model, data.test_images).argmax(-1)
    assert accuracy(model, data.test_images, best) == 1
    assert accuracy(model, data.test_images, (best + 1) % 3) == 0
    half = np.where(np.arange(10) < 5, best, (best + 1) % 3)
    assert accuracy(model, data.test_images, half) == 0.5


def test_interval_is_students() -> None:
    values = [0.98, 0.975, 0.99, 0.985, 0.97]
    mean, half = interval(values)
    low, high = stats.t.interval(0.95, 4, np.mean(values), stats.sem(values))
    assert (mean - half, mean + half) == pytest.approx((low, high), abs=1e-12)
    assert interval([0.5]) == (0.5, np.inf)


EPOCH = Epoch(3, 25, 0.51234, 0.8765, 0.9, 1234.5, 1.5)


def test_progress_line() -> None:
    assert progress_line(EPOCH) == (
        "epoch  3/25  loss 0.5123  train  87.6%  test  90.0%   1234 images/s  0:33 left"
    )
    assert [clock(s) for s in (0.4, 61, 3600, 36061)] == [
        "0:00",
        "1:01",
        "1:00:00",
        "10:01:01",
    ]


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        """Claim so."""
        return True


def test_progress_rewrites_only_a_terminal() -> None:
    final = replace(EPOCH, epoch=25)
    plain, terminal = io.StringIO(), Terminal()
    for stream in (plain, terminal):
        progress = Progress(stream)
        progress(EPOCH)
        progress(final)
    assert plain.getvalue() == f"{progress_line(EPOCH)}\n{progress_line(final)}\n"
    assert terminal.getvalue().count("\n") == 1
    assert terminal.getvalue().count("\r") == 2


def test_train_command_reports_and_resumes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    small = replace(RECIPES["digits8"], overrides={"dims": (4, 6), "heads": (1, 2)})
    monkeypatch.setitem(RECIPES, "digits8", small)
    histories = commands.train("digits8", [0, 2], epochs=1, out=tmp_path)
    text = capsys.readouterr().out
    finals = [history.epochs[-1].test_accuracy for history in histories]
    assert f"digits8, seed 0: test accuracy {finals[0]:.1%}" in text
    assert f"digits8, seed 2: test accuracy {finals[1]:.1%}" in text
    assert f"2 seeds: mean test accuracy {np.mean(finals):.2%}, 95 % t-int" in text
    assert commands.train("digits8", [0, 2], epochs=1, out=tmp_path) == histories
    assert "epoch" not in capsys.readouterr().out


def test_a_folder_it_cannot_write_is_refused_before_training(tmp_path, monkeypatch):
    monkeypatch.setattr(commands, "train_seed", lambda *_: pytest.fail("it trained"))
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match="file"):
        commands.train("digits8", out=tmp_path / "file")


def test_unknown_task_and_bad_numbers() -> None:
    with pytest.raises(UnknownName, match="did you mean digits8"):
        commands.train("digit8")
    with pytest.raises(OptionError, match="epochs: expected > 0, got 0"):
        tiny_recipe(epochs=0)
    with pytest.raises(OptionError, match=r"warmup: expected \[0, 1\), got 1\.5"):
        tiny_recipe(warmup=1.5)


def test_a_slow_first_step_does_not_spoil_the_time_left(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock_at = iter([0.0, 20.0, 21.0, 22.0, 23.0, 24.5])  # compiles, 3 steps, tests
    monkeypatch.setattr(time, "perf_counter", lambda: next(clock_at))
    tally = Tally()
    for loss, hits in ((4.0, 1), (3.0, 4), (2.0, 6), (1.0, 9)):
        tally.add(10, loss, hits)
    assert tally.epoch(1, 3, 0.5) == Epoch(
        epoch=1,
        epochs=3,
        loss=2.5,
        train_accuracy=0.5,
        test_accuracy=0.5,
        images_per_second=10,
        seconds=5.5,
    )
