"""minicvt check in training: what is right in evaluation and wrong there."""

from __future__ import annotations

import pytest

from tests.verify.examples import FOLDER
from tests.verify.test_check import DIFFERS, HERE, checked, found, written


def test_a_gradient_that_is_wrong_in_training_alone(capsys):
    """Batch statistics are functions of the batch, also on the way back."""
    code, verdict = found(capsys, "torch_constant.py")
    assert code == DIFFERS
    assert verdict["differences"] == []
    (difference,) = verdict["training"]["differences"]
    assert difference["direction"] == "backward"
    assert difference["cause"] == "BatchNorm's statistics are constants"
    assert verdict["verdict"].startswith("differs in training: BatchNorm's")


WRONG = {
    "BatchNorm uses the remembered statistics": "self.training = False\n"
    "        return super().batch_norm(x, at)",
    "BatchNorm's variance is divided by n - 1": "if not self.training:\n"
    "            return super().batch_norm(x, at)\n"
    "        y = (x - x.mean((0, 1))) / (x.var((0, 1), ddof=1) + 1e-5) ** 0.5\n"
    "        weight, bias = (self.state[f'{at}.{n}'] for n in ('weight', 'bias'))\n"
    "        return y * weight + bias",
}


@pytest.mark.slow
@pytest.mark.parametrize("cause", WRONG)
def test_a_batch_norm_of_numpy_that_is_wrong_in_training(capsys, tmp_path, cause):
    lines = [
        "import plain",
        "from plain import load, run, train",
        "class Mine(plain.CvT):",
        "    def batch_norm(self, x, at):",
        f"        {WRONG[cause]}",
        "def build(config): return Mine(config)",
    ]
    code, verdict = found(capsys, written(tmp_path, HERE, *lines))
    assert code == DIFFERS
    (difference,) = verdict["training"]["differences"]
    assert difference["cause"] == cause
    assert verdict["training"]["statistics"] == []


def test_other_statistics_are_a_difference(capsys, tmp_path):
    """Here the biased variance is remembered, where PyTorch keeps n / (n - 1) of it."""
    lines = [
        "import plain",
        "from plain import load, run, state, train",
        "class Mine(plain.CvT):",
        "    def remember(self, x, at):",
        "        super().remember(x, at)",
        "        n = x.shape[0] * x.shape[1]",
        "        self.state[f'{at}.running_var'] -= 0.1 * x.var((0, 1)) / (n - 1)",
        "def build(config): return Mine(config)",
    ]
    code, out, _ = checked(capsys, written(tmp_path, HERE, *lines))
    assert code == DIFFERS
    assert "12 of 24 that BatchNorm remembers differ" in out
    assert out.endswith(
        "verdict: computes the same, but BatchNorm remembers other statistics\n"
    )


def test_training_is_looked_at_where_evaluation_agrees(capsys, tmp_path):
    _, out, _ = checked(capsys, "torch_scale.py")
    assert "not looked at, as it differs in evaluation" in out
    _, out, _ = checked(
        capsys, written(tmp_path, HERE, "from plain import build, load, run")
    )
    assert "not told: no train(model)" in out
    assert out.endswith("verdict: agrees with the official code in logits\n")


def test_what_drops_is_left_alone(capsys, tmp_path):
    """Nothing was dropped in the official code's run: only BatchNorm is switched."""
    line = "def build(config): return ours(config, drop_path=(0.5, 0.5, 0.5))"
    head = f"{HERE}\nfrom ours import build as ours"
    code, verdict = found(capsys, written(tmp_path, head, line))
    assert (code, verdict["agrees"]) == (0, True)
    assert (FOLDER / "ours.py").exists()
