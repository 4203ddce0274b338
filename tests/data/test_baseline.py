"""Logistic regression on the pixels, the number to beat."""

from __future__ import annotations

import sys
from dataclasses import replace

import pytest
from sklearn.linear_model import LogisticRegression

from minicvt.data import digits, load, logistic_regression
from minicvt.errors import MissingPackage

LINE = {"digits8": 0.95, "digits16": 0.95, "pair8": 0.78, "roam16": 0.15}


@pytest.mark.parametrize("name", LINE)
def test_logistic_regression(name: str) -> None:
    """A line tells still digits apart, less so pairs, and hardly roaming ones."""
    reached = logistic_regression(load(name, 1), 1)
    assert LINE[name] < reached < LINE[name] + 0.06
    assert reached == logistic_regression(load(name, 1), 1)


def test_it_is_scikit_learns_on_standardised_pixels() -> None:
    data = digits(2)
    train, test = (x.reshape(len(x), -1) for x in (data.train_images, data.test_images))
    mean, spread = train.mean(axis=0), train.std(axis=0)
    spread[spread == 0] = 1
    model = LogisticRegression(C=1, max_iter=10_000)
    model.fit((train - mean) / spread, data.train_labels)
    right = model.predict((test - mean) / spread) == data.test_labels
    assert logistic_regression(data) == pytest.approx(right.mean(), abs=1.5 / 360)


def test_test_labels_are_only_for_counting() -> None:
    data = digits()
    wrong = replace(data, test_labels=(data.test_labels + 1) % 10)
    assert logistic_regression(wrong) < 0.05
    assert logistic_regression(data) > 0.95


def test_the_line_needs_scikit_learn(monkeypatch: pytest.MonkeyPatch) -> None:
    data = digits()
    monkeypatch.setitem(sys.modules, "sklearn.linear_model", None)
    with pytest.raises(MissingPackage, match=r'pip install "minicvt\[tour\]"'):
        logistic_regression(data)
