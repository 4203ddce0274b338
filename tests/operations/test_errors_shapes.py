"""What PyTorch rejects of shapes and axes, we reject, and say why."""

from __future__ import annotations

from typing import Any

import pytest
import torch
import torch.nn.functional as F

from minicvt import ops
from minicvt.errors import ShapeError
from minicvt.grid import Grid
from tests.operations.wrong import Case, check_refused, t, zeros


def both(name: str, *shapes: tuple[int, ...], says: tuple[str, ...], **options: Any):
    """An elementwise operation or product that has one name and call on both sides."""
    return Case(
        lambda: ops.OPERATIONS[name](*[zeros(*s) for s in shapes], **options),
        lambda: getattr(torch, name)(*[t(*s) for s in shapes], **options),
        ShapeError,
        (f"{name}: ", *says),
    )


CASES = {
    "add": both("add", (2, 3), (2, 4), says=("(2, 3)", "(2, 4)")),
    "matmul": both("matmul", (2, 3), (2, 3), says=("(2, 3)",)),
    "matmul batches": both("matmul", (2, 3, 3), (4, 3, 3), says=("(4, 3, 3)",)),
    "axis": both("sum", (2, 3), says=("axis 2", "(2, 3)"), axis=2),
    "axis from the end": both("sum", (2, 3), says=("axis -3",), axis=-3),
    "axis twice": both("sum", (2, 3), says=("(0, -2)",), axis=(0, -2)),
    "reshape": both("reshape", (2, 3), says=("(4, 2)", "6"), shape=(4, 2)),
    "reshape, negative": both("reshape", (2, 3), says=("(-2, -3)",), shape=(-2, -3)),
    "reshape, nested": both("reshape", (6,), says=("((2, 3),)",), shape=((2, 3),)),
    "reshape, two unknown": both("reshape", (6,), says=("(-1, -1)",), shape=(-1, -1)),
    "maximum of nothing": Case(
        lambda: ops.max(zeros(0, 3), axis=0),
        lambda: torch.amax(t(0, 3), 0),
        ShapeError,
        ("max: ", "(0, 3)"),
    ),
    "transpose": Case(
        lambda: ops.transpose(zeros(2, 3), axes=(0, 0)),
        lambda: t(2, 3).permute(0, 0),
        ShapeError,
        ("transpose: ", "(0, 0)", "(2, 3)"),
    ),
    "index": Case(
        lambda: ops.getitem(zeros(2, 3), index=(slice(None), 3)),
        lambda: t(2, 3)[:, 3],
        ShapeError,
        ("getitem: ", "(2, 3)", "3"),
    ),
    "concatenate": Case(
        lambda: ops.concatenate(zeros(2, 3), zeros(2, 4), axis=0),
        lambda: torch.cat([t(2, 3), t(2, 4)], 0),
        ShapeError,
        ("concatenate: ", "(2, 3)", "(2, 4)", "axis 0"),
    ),
    "concatenate, axis": Case(
        lambda: ops.concatenate(zeros(2, 3), axis=2),
        lambda: torch.cat([t(2, 3)], 2),
        ShapeError,
        ("concatenate: ", "axis 2", "(2, 3)"),
    ),
    "concatenate nothing": Case(
        lambda: ops.concatenate(axis=0), lambda: torch.cat([]), ShapeError, ("axis 0",)
    ),
    "concatenate with None": Case(
        lambda: ops.concatenate(zeros(2), None, axis=0),
        lambda: torch.cat([t(2), None], 0),
        ShapeError,
        ("concatenate: ", "((2,), None)"),
    ),
    "broadcast": Case(
        lambda: ops.broadcast_to(zeros(2, 3), shape=(2, 4)),
        lambda: t(2, 3).broadcast_to(2, 4),
        ShapeError,
        ("broadcast_to: ", "(2, 3)", "(2, 4)"),
    ),
    "pad": Case(
        lambda: ops.pad(zeros(2, 3), widths=((0, 1),)), None, ShapeError, ("(2, 3)",)
    ),
    "pad with three numbers": Case(
        lambda: ops.pad(zeros(2), widths=((0, 1, 2),)),
        lambda: F.pad(t(2), (0, 1, 2)),
        ShapeError,
        ("pad: ", "((0, 1, 2),)"),
    ),
    "linear": Case(
        lambda: ops.linear(zeros(2, 3), zeros(5, 4)),
        lambda: F.linear(t(2, 3), t(5, 4)),
        ShapeError,
        ("linear: ", "(5, 4)", "(2, 3)"),
    ),
    "linear, bias": Case(
        lambda: ops.linear(zeros(2, 3), zeros(5, 3), zeros(3)),
        lambda: F.linear(t(2, 3), t(5, 3), t(3)),
        ShapeError,
        ("linear: ", "(3,)", "(5,)"),
    ),
    "gelu, bias": Case(
        lambda: ops.gelu(zeros(2, 3), zeros(2)),
        lambda: F.gelu(t(2, 3) + t(2)),
        ShapeError,
        ("gelu: ", "(2,)", "(3,)"),
    ),
    "silu, bias of a number": Case(
        lambda: ops.silu(zeros(), zeros()), None, ShapeError, ("silu: ", "bias ()")
    ),
    "layer norm": Case(
        lambda: ops.layer_norm(zeros(2, 3), zeros(4), zeros(4)),
        lambda: F.layer_norm(t(2, 3), (4,), t(4), t(4)),
        ShapeError,
        ("layer_norm: ", "(4,)", "(2, 3)"),
    ),
    "batch norm of one": Case(
        lambda: ops.batch_norm(zeros(1, 1, 1, 3), zeros(3), zeros(3)),
        lambda: F.batch_norm(t(1, 3, 1, 1), None, None, training=True),
        ShapeError,
        ("batch_norm: ", "two", "(1, 1, 1, 3)"),
    ),
    "norm of nothing": Case(
        lambda: ops.layer_norm(zeros(3, 0), zeros(0), zeros(0)),
        None,
        ShapeError,
        ("layer_norm: ", "channels", "(3, 0)"),
    ),
    "loss of nothing": Case(
        lambda: ops.soft_cross_entropy(zeros(0, 3), targets=zeros(0, 3)),
        None,
        ShapeError,
        ("soft_cross_entropy: ", "nothing to average", "(0, 3)"),
    ),
    "no keys": Case(
        lambda: ops.attend(zeros(1, 2, 5, 4), *[zeros(1, 2, 0, 4)] * 2, scale=1),
        None,
        ShapeError,
        ("attend: ", "at least one key", "(1, 2, 0, 4)"),
    ),
    "statistics": Case(
        lambda: ops.batch_norm_eval(
            zeros(4, 3), zeros(3), zeros(3), mean=zeros(2), var=zeros(2)
        ),
        lambda: F.batch_norm(t(4, 3), t(2), t(2)),
        ShapeError,
        ("batch_norm_eval: ", "(2,)", "(3,)"),
    ),
    "attention": Case(
        lambda: ops.attend(zeros(1, 2, 5, 4), *[zeros(1, 2, 6, 3)] * 2, scale=1),
        lambda: F.scaled_dot_product_attention(t(1, 2, 5, 4), *[t(1, 2, 6, 3)] * 2),
        ShapeError,
        ("attend: ", "(1, 2, 5, 4)", "(1, 2, 6, 3)"),
    ),
    "attention bias": Case(
        lambda: ops.attend(*[zeros(1, 2, 5, 4)] * 3, zeros(2, 2), scale=1),
        lambda: F.scaled_dot_product_attention(*[t(1, 2, 5, 4)] * 3, attn_mask=t(2, 2)),
        ShapeError,
        ("attend: ", "(2, 2)", "(1, 2, 5, 5)"),
    ),
    "grid": Case(
        lambda: ops.attend(*[zeros(1, 2, 5, 4)] * 3, scale=1, key_grid=Grid(2, 2)),
        None,
        ShapeError,
        ("attend: ", "2 x 2", "5 tokens"),
    ),
    "softmax of a number": Case(
        lambda: ops.softmax(zeros()), None, ShapeError, ("softmax: ", "()")
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=list(CASES))
def test_says_what_was_expected_and_what_came(case: Case) -> None:
    check_refused(case)
