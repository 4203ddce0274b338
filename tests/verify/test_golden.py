"""Golden files: complete, reproducible, small, and no bug passes them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from minicvt import cli, kernels, ops
from minicvt.errors import CheckpointError
from minicvt.verify.golden import commands, kept
from minicvt.verify.golden.summary import (
    PROJECTIONS,
    WHOLE,
    errors,
    packed,
    summaries,
    summary,
)
from minicvt.verify.registry import REGISTRY

GOLDEN = kept.read()


def run(*arguments: str) -> int:
    return cli.main(["verify", "gradients", *arguments])


def test_it_is_kilobytes_and_misses_nothing() -> None:
    assert kept.FILE.stat().st_size < 200_000
    keys = {call.key for call in kept.calls()}
    assert set(GOLDEN.rows) == set(GOLDEN.digests) == keys
    assert {key.rpartition("/")[0] for key in keys} == set(REGISTRY)
    assert set(GOLDEN.versions) == {"torch", "numpy"}


def test_it_agrees_where_there_is_no_pytorch() -> None:
    code = (
        "import sys; sys.modules['torch'] = None\n"
        "from minicvt import cli; sys.exit(cli.main(['verify', 'gradients']))\n"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert run.returncode == 0, run.stdout
    assert f"{len(GOLDEN.rows)} calls agree with PyTorch" in run.stdout
    for name in REGISTRY:
        assert f"\n{name} " in run.stdout


@pytest.mark.parametrize(
    "body", ["numpy", pytest.param("numba", marks=[pytest.mark.numba])]
)
def test_operations_are_better_than_1e_10(body: str) -> None:
    with kernels.use(body):
        for row in commands.rows(kept.calls(), GOLDEN):
            assert row.ok, row
            if row.name in ops.OPERATIONS:
                assert row.tolerance <= 1e-10


def test_pytorch_answers_the_same_again(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--with-torch") == 0
    assert f"of {len(GOLDEN.rows)}\nanswers are the same" in capsys.readouterr().out
    assert torch.get_num_threads() == 1


def test_made_again_it_is_the_same_file(tmp_path: Path) -> None:
    out = tmp_path / "golden.safetensors"
    assert run("--with-torch", "--out", os.fspath(out)) == 0
    again = kept.read(out)
    assert again.digests == GOLDEN.digests
    for key, row in GOLDEN.rows.items():
        np.testing.assert_allclose(again.rows[key], row, rtol=1e-9, atol=1e-12)


def test_an_answer_that_pytorch_does_not_give_again(
    capsys: pytest.CaptureFixture[str],
) -> None:
    rows = dict(GOLDEN.rows)
    rows["exp/0"] = rows["exp/0"] * (1 + 1e-12)
    rows["log/0"] = rows["log/0"][:-1]
    wrong = GOLDEN._replace(rows=rows)
    assert commands.reproduced(wrong, GOLDEN) == 1
    assert "not reproduced: exp/0, log/0" in capsys.readouterr().out
    nearly = GOLDEN._replace(rows={**GOLDEN.rows, "exp/0": rows["exp/0"] / (1 + 1e-12)})
    assert commands.reproduced(nearly, GOLDEN) == 0


def test_a_wrong_pullback_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    right = ops.OPERATIONS["tanh"]

    def wrong(x: Any) -> Any:
        return right(x) + (x - x.detach()) * 1e-8

    monkeypatch.setitem(ops.OPERATIONS, "tanh", wrong)
    assert run() == 1
    said = capsys.readouterr().out
    assert f"1 of {len(REGISTRY)} differ from PyTorch: tanh\n" in said
    assert "gradient by x" in next(x for x in said.splitlines() if x.startswith("tanh"))


def test_other_draws_are_told_from_wrong_gradients(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    drawn = {**GOLDEN.digests, "exp/0": "0" * 12}
    monkeypatch.setattr(kept, "read", lambda: GOLDEN._replace(digests=drawn))
    assert run() == 1
    said = capsys.readouterr().out
    assert "what was drawn" in said
    assert f"here is numpy {np.__version__}" in said


def test_an_altered_file_is_refused(tmp_path: Path) -> None:
    altered = tmp_path / "altered.safetensors"
    content = bytearray(kept.FILE.read_bytes())
    content[-9] ^= 1
    altered.write_bytes(content)
    with pytest.raises(CheckpointError, match="altered since it was written"):
        kept.read(altered)


def test_what_goes_together(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("--out", "somewhere") == 2
    assert "--out keeps what PyTorch answers" in capsys.readouterr().err
    monkeypatch.setitem(sys.modules, "torch", None)
    assert run("--with-torch") == 2
    assert "needs PyTorch as the oracle" in capsys.readouterr().err


@pytest.mark.parametrize("size", [1, WHOLE, WHOLE + 1, 300, 4000])
def test_one_entry_that_differs_shows(size: int) -> None:
    rng = np.random.default_rng(size)
    answer = rng.normal(size=size)
    row = packed(summaries({"gradient 0": answer}))
    assert row.size == (size if size <= WHOLE else 1 + PROJECTIONS)
    assert dict(errors({"gradient 0": answer}, row)) == {"gradient 0": 0}
    for index in rng.integers(size, size=20):
        wrong = answer.copy()
        wrong[index] += 1e-6
        assert dict(errors({"gradient 0": wrong}, row))["gradient 0"] > 1e-10


def test_permuted_entries_show() -> None:
    answer = np.random.default_rng(0).normal(size=(20, 30))
    row = packed(summaries({"output 0": answer}))
    turned = answer.T.reshape(20, 30)
    assert dict(errors({"output 0": turned}, row))["output 0"] > 1e-2


def test_other_shapes_and_what_is_no_number() -> None:
    answers = {"output 0": np.ones(3), "gradient 0": np.ones(2)}
    row = packed(summaries(answers))
    shorter = answers | {"gradient 0": np.ones(1)}
    assert set(dict(errors(shorter, row)).values()) == {np.inf}
    nan = answers | {"gradient 0": np.array([1, np.nan])}
    assert dict(errors(nan, row)) == {"output 0": 0, "gradient 0": np.inf}


def test_what_vanishes_is_held_to_the_largest_gradient() -> None:
    answers = {"gradient 0": np.ones(3), "gradient 1": np.full(3, 1e-17)}
    row = packed(summaries(answers))
    found = dict(errors(answers | {"gradient 1": np.full(3, -1e-17)}, row))
    assert 0 < found["gradient 1"] < 1e-12
    known = dict(errors(answers | {"gradient 1": np.zeros(3)}, row, zero=[1]))
    assert known == {"gradient 0": 0, "gradient 1": 1e-17}


def test_a_summary_is_a_function_of_the_values_alone() -> None:
    answer = np.random.default_rng(0).normal(size=(7, 5))
    fortran = np.asfortranarray(answer)
    np.testing.assert_array_equal(summary(answer), summary(fortran))
