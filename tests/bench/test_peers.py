"""What is timed is the same work: PyTorch's peers and our NumPy bodies answer as we do.

Peers are run here as their own processes run them, by the path of their file.
"""

from __future__ import annotations

import runpy
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from minicvt import kernels
from minicvt.bench.cases import Asked, Case, cvt_13, growth, toy
from minicvt.bench.chapters import CHAPTERS
from minicvt.bench.comparing import TOLERANCE, far
from minicvt.bench.known import COMPILE, EAGER, MODELS, OPERATIONS, OURS, PEERS
from minicvt.bench.operations import operations
from minicvt.bench.party import HERE

SMALL = Asked((2,), 64)
CASES = operations(SMALL)


@cache
def builder(peer: str | None, kind: str):
    party = PEERS[peer] if peer else OURS
    return runpy.run_path(str(HERE / party.files[kind]))["build"]


def answers(kind: str, case: Case, folder: Path, peer: str | None = None):
    asked = case.asked(str(folder)) | {"threads": 1}
    body, told = builder(peer, kind)(asked)
    body()  # what is timed runs again and again
    assert told["versions"]
    return np.array(told["answers"])


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_every_operation_answers_as_torch_does(case: Case, tmp_path: Path):
    CHAPTERS["kernels"].prepare(tmp_path, case.options)
    ours = answers(OPERATIONS, case, tmp_path)
    assert len(ours) > 100
    assert far(ours, answers(OPERATIONS, case, tmp_path, EAGER)) <= TOLERANCE
    with kernels.use("numpy"):
        assert far(answers(OPERATIONS, case, tmp_path), ours) <= TOLERANCE


@pytest.mark.parametrize(
    "case",
    [*toy(Asked()), cvt_13("inference", 2, Asked((), 32, 1), {}, fold=True)],
    ids=lambda case: case.name,
)
def test_models_answer_as_transformers_do(case: Case, tmp_path: Path):
    CHAPTERS["training"].prepare(tmp_path, case.options)
    ours = answers(MODELS, case, tmp_path)
    assert far(ours, answers(MODELS, case, tmp_path, EAGER)) <= TOLERANCE
    assert np.ptp(ours) > 1e-3  # they are not all the same


def test_answers_that_differ_are_far_apart():
    a = np.array([1.0, 2.0])
    assert far(a, a) == 0
    assert far(a, a + 0.1) > TOLERANCE
    assert far(a, np.array([1.0, 2.0, 3.0])) == np.inf
    assert not far(np.array([np.nan, 1]), a) <= TOLERANCE


def test_torch_compile_is_the_same_file_told_to_compile():
    assert PEERS[COMPILE].files[MODELS] == PEERS[EAGER].files[MODELS]
    assert PEERS[COMPILE].options == {"compile": True}


def test_growth_has_each_point_once():
    names = [case.name for case in growth(Asked())]
    assert len(names) == len(set(names))
    assert "448, K/V stride 1, batch 1" in names
    assert "224, K/V stride 2, batch 32" in names


def test_operations_have_each_name_once():
    names = [case.name for case in CASES]
    assert len(names) == len(set(names))
