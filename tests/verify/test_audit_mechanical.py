"""Mechanical mutants: every site that runs on the way back, every edit once."""

from __future__ import annotations

import pytest

from minicvt.verify.audit import mechanical, run
from minicvt.verify.audit.mutant import Mutant
from minicvt.verify.audit.reach import Place, of_fixtures, reached
from minicvt.verify.operations import OPERATIONS

VECTORIZED = "minicvt.kernels.normalization.vectorized"


def edited(module: str, function: str, inner: bool = False) -> list[str]:
    return [m.edited for m in mechanical.mutants(module, function, inner)]


@pytest.mark.parametrize(
    "line",
    [
        "g = weight / dy",
        "g = weight",
        "g = dy",
        "dx = g + g.mean(axis=1, keepdims=True)",
        "dx = g",
        "dx = g - g.sum(axis=1, keepdims=True)",
        "dx = g - g.mean(axis=0, keepdims=True)",
        "dx = g - g.mean(axis=1, keepdims=False)",
        "dx += xhat * (g * xhat).mean(axis=1, keepdims=True)",
        "dx -= xhat * (g / xhat).mean(axis=1, keepdims=True)",
        "dx /= rstd[:, None]",
    ],
)
def test_edits_of_layer_norm(line: str) -> None:
    assert edited(VECTORIZED, "layer_norm_backward").count(line) == 1


@pytest.mark.parametrize(
    ("module", "function", "line"),
    [
        ("ops.elementwise", "maximum", "return (a < b) + 0.5 * (a == b)"),
        ("ops.elementwise", "maximum", "return (a > b) + 0.6 * (a == b)"),
        ("ops.elementwise", "maximum", "return (a > b) + 0.5 * (a != b)"),
        ("ops.elementwise", "negative", "return -x, lambda d: (d,)"),
        ("ops.linear", "linear", "lambda: kernels.matmul(d, rows(x)),"),
        ("ops.linear", "matmul", "lambda: kernels.matmul(d, b),"),
        ("ops.linear", "matmul", "lambda: kernels.matmul(d, b.swapaxes(-1, -3)),"),
    ],
)
def test_edits_of_pullbacks(module: str, function: str, line: str) -> None:
    assert line in edited(f"minicvt.{module}", function, inner=True)


def test_what_is_there_to_be_read_or_to_refuse_is_left_alone() -> None:
    assert edited("minicvt.ops.reductions", "_axes") == []
    lines = edited("minicvt.kernels.pooling.loops", "max_pool2d_backward")
    assert lines
    assert not any('"""' in line for line in lines)


def test_every_edit_is_other_code_and_there_are_no_two_alike() -> None:
    mutants = run.mechanical_mutants()
    assert len(mutants) > 1000
    assert len({_key(m) for m in mutants}) == len(mutants)
    for mutant in mutants:
        assert not mutant.by_hand
        assert mutant.code() != mutant.target().__code__, mutant


def _key(mutant: Mutant) -> tuple[str, str, int | None, str, str]:
    return mutant.module, mutant.function, mutant.start, mutant.before, mutant.after


def test_what_runs_on_the_way_back_is_found() -> None:
    found = reached()
    batch_norm = found[Place("minicvt.ops.normalization", "batch_norm")]
    kernel = found[Place(VECTORIZED, "layer_norm_backward")]
    shared = found[Place("minicvt.ops.linear", "rows")]
    assert batch_norm.operations == {"batch_norm"}
    assert kernel.operations == {"layer_norm", "add_layer_norm"}
    assert (batch_norm.there, batch_norm.whole) == (True, False)  # the pullback in it
    assert (kernel.there, kernel.whole) == (False, True)
    assert shared.there
    assert shared.whole
    assert {"softmax", "linear", "layer_norm"} <= shared.operations
    assert Place(VECTORIZED, "layer_norm") not in found  # runs there only
    assert Place("minicvt.kernels.normalization.loops", "layer_norm_backward") in found


def test_every_operation_is_among_them() -> None:
    assert {name for r in reached().values() for name in r.operations} == set(
        OPERATIONS
    )


def test_what_the_fixtures_run() -> None:
    assert Place(VECTORIZED, "layer_norm_backward") in of_fixtures()
    assert Place("minicvt.ops.shape", "pad") not in of_fixtures()
