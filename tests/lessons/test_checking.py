"""A check says right, not answered yet, or what is wrong: never nothing."""

from __future__ import annotations

import numpy as np
import pytest

import minicvt as mc
from minicvt.lessons import check

RIGHT = np.arange(6.0).reshape(2, 3)
OFF = np.array([[0, 1, 2], [3, 5, 5.5]])


def said(capsys, given, right, *arguments, **options) -> str:
    def exercise(*_):
        return given

    check(exercise, (arguments, right), **options)
    return capsys.readouterr().out.strip()


@pytest.mark.parametrize(
    ("given", "right"),
    [
        (5, 5),
        (np.float32(0.1), 0.1),
        (RIGHT * (1 + 1e-9), RIGHT),
        (mc.Tensor(RIGHT), RIGHT),
        ((2, "left"), (2, "left")),
        ([RIGHT, 1], (RIGHT, 1)),
        (True, True),
        (RIGHT > 1, RIGHT > 1),
        (np.zeros((0, 2)), np.zeros((0, 2))),
    ],
)
def test_right(capsys, given, right):
    assert said(capsys, given, right) == "exercise: right"


@pytest.mark.parametrize(
    ("given", "right", "words"),
    [
        (None, 5, "exercise: not answered yet"),
        (57_113_191, 57_113_192, "exercise() is 57113192, yours says 57113191"),
        (4e9, 4061952680.0, "is 4061952680, yours says 4000000000"),
        (0.5, 0.25, "exercise() is 0.25, yours says 0.5"),
        (RIGHT.T, RIGHT, "exercise() has shape (2, 3), yours (3, 2)"),
        (OFF, RIGHT, "is 4 at [1, 1], yours says 5"),
        (RIGHT * np.nan, RIGHT, "yours says nan"),
        ((2, "left"), (2, "right"), "part 1: is 'right', yours says 'left'"),
        ((2,), (2, 3), "is (2, 3), yours says (2,)"),
        ([RIGHT], (2, 3), "is (2, 3), yours says [array (2, 3)]"),
        ("many", 4, "is 4, yours says 'many'"),
        (False, True, "is True, yours says False"),
    ],
)
def test_wrong(capsys, given, right, words):
    assert words in said(capsys, given, right)


def test_arguments_are_named_and_copied(capsys):
    image = np.ones((2, 2))

    def spoils(x, name):
        x[...] = 0
        return 1

    check(spoils, ((image, "cvt-13"), 2))
    assert (
        capsys.readouterr().out == "spoils(array (2, 2), 'cvt-13') is 2, yours says 1\n"
    )
    assert image.all()


def test_what_raises_is_told(capsys):
    def divides(x):
        return 1 / x

    check(divides, ((1,), 1.0), ((0,), 0.0))
    assert "divides(0) raises ZeroDivisionError" in capsys.readouterr().out


def test_tolerance(capsys):
    assert "right" in said(capsys, 1.04, 1.0, tolerance=0.05)
    assert "yours says 1.06" in said(capsys, 1.06, 1.0, tolerance=0.05)
