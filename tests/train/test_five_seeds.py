"""The recipe of the hello world reaches what a right implementation must reach."""

from __future__ import annotations

import numpy as np
import pytest

from minicvt.train import commands

# Lower 95 % prediction bounds, from PyTorch runs of the same recipe.
ONE_RUN, MEAN_OF_FIVE = 0.978, 0.981


@pytest.mark.slow
def test_digits8_over_five_seeds(capsys: pytest.CaptureFixture[str]):
    histories = commands.train("digits8", range(5))
    finals = [history.epochs[-1].test_accuracy for history in histories]
    assert finals[0] >= ONE_RUN
    assert np.mean(finals) >= MEAN_OF_FIVE
    assert "digits8, 5 seeds: mean test accuracy" in capsys.readouterr().out
