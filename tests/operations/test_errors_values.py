"""Labels and dtypes that do not fit are refused, as PyTorch does or stricter."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from minicvt import Tensor, ops
from minicvt.errors import DtypeError, OptionError, ShapeError
from tests.operations.wrong import Case, check_refused, t, zeros
from tests.oracle import nchw

LOGITS = zeros(3, 5)
LABELS = np.array([0, 1, 4])
X = zeros(2, 5, 6, 4)
WEIGHT = zeros(8, 4, 3, 3)


def cross_entropy(logits: Any, targets: Any, **options: Any) -> Callable[[], Any]:
    return lambda: F.cross_entropy(
        torch.tensor(logits), torch.tensor(targets), **options
    )


LOSSES = {
    "label too large": Case(
        lambda: ops.cross_entropy(LOGITS, LABELS + 1),
        cross_entropy(LOGITS, LABELS + 1),
        OptionError,
        ("cross_entropy: ", "0..4", "1..5"),
    ),
    "label negative": Case(
        lambda: ops.cross_entropy(LOGITS, LABELS - 1),
        cross_entropy(LOGITS, LABELS - 1),
        OptionError,
        ("cross_entropy: ", "0..4", "-1..3"),
    ),
    "labels of another batch": Case(
        lambda: ops.cross_entropy(LOGITS, LABELS[:2]),
        cross_entropy(LOGITS, LABELS[:2]),
        ShapeError,
        ("cross_entropy: ", "(3, 5)", "(2, 5)"),
    ),
    "rank of labels": Case(
        lambda: ops.cross_entropy(LOGITS, LABELS[:, None]),
        cross_entropy(LOGITS, LABELS[:, None]),
        DtypeError,
        ("cross_entropy: ", "(B,)", "(3, 1)"),
    ),
    "boolean labels": Case(
        lambda: ops.cross_entropy(LOGITS, LABELS > 1),
        cross_entropy(LOGITS, LABELS > 1),
        DtypeError,
        ("cross_entropy: ", "bool"),
    ),
    "soft targets": Case(
        lambda: ops.cross_entropy(LOGITS, zeros(3, 4)),
        cross_entropy(LOGITS, zeros(3, 4)),
        ShapeError,
        ("cross_entropy: ", "(3, 5)", "(3, 4)"),
    ),
    "rank of logits": Case(
        lambda: ops.cross_entropy(LOGITS[0], LABELS),
        cross_entropy(LOGITS[0], LABELS),
        ShapeError,
        ("cross_entropy: ", "(B, K)", "(5,)"),
    ),
    "smoothing": Case(
        lambda: ops.cross_entropy(LOGITS, LABELS, label_smoothing=1.5),
        cross_entropy(LOGITS, LABELS, label_smoothing=1.5),
        OptionError,
        ("label_smoothing", "1.5"),
    ),
}

DTYPES = {
    "integers": Case(
        lambda: Tensor([1, 2]),
        lambda: torch.tensor([1, 2], requires_grad=True),
        DtypeError,
        ("float32 or float64", "int64"),
    ),
    "images of bytes": Case(
        lambda: ops.conv2d(X.astype("uint8"), WEIGHT),
        lambda: F.conv2d(nchw(torch.tensor(X.astype("uint8"))), torch.tensor(WEIGHT)),
        DtypeError,
        ("conv2d: ", "uint8", "float64"),
    ),
    "mixed, linear": Case(
        lambda: ops.linear(zeros(2, 3), zeros(5, 3, dtype="float32")),
        lambda: F.linear(t(2, 3), t(5, 3).float()),
        DtypeError,
        ("linear: ", "float64", "float32"),
    ),
    "mixed, added": Case(
        lambda: Tensor(zeros(3)) + Tensor(zeros(3, dtype="float32")),
        None,
        DtypeError,
        ("add: ", "float64", "float32"),
    ),
    "half": Case(
        lambda: ops.exp(zeros(3, dtype="float16")),
        None,
        DtypeError,
        ("exp: ", "float16"),
    ),
    "complex": Case(
        lambda: Tensor(zeros(3, dtype="complex128")), None, DtypeError, ("complex128",)
    ),
    "condition": Case(
        lambda: ops.where(zeros(3), zeros(3), condition=zeros(3)),
        lambda: torch.where(t(3), t(3), t(3)),
        DtypeError,
        ("where: ", "boolean", "float64"),
    ),
    "list": Case(
        lambda: ops.add(zeros(2), [1.0, 2.0]),
        lambda: torch.add(t(2), [1.0, 2.0]),  # type: ignore[call-overload]
        DtypeError,
        ("add: ", "list"),
    ),
}

OPTIONS = {
    "exponent": Case(
        lambda: ops.power(zeros(3), exponent="2"),
        lambda: t(3) ** "2",
        OptionError,
        ("power: ", "'2'"),
    ),
    "axis": Case(
        lambda: ops.sum(zeros(3), axis=1.5),
        lambda: torch.sum(t(3), 1.5),  # type: ignore[call-overload]
        OptionError,
        ("sum: cannot read axis=1.5, keepdims=False", "'float'"),
    ),
    "shape": Case(
        lambda: ops.reshape(zeros(3), shape=None),
        lambda: t(3).reshape(None),
        OptionError,
        ("reshape: cannot read shape=None", "not iterable"),
    ),
    "widths": Case(
        lambda: ops.pad(zeros(3), widths=((0.5, 1),)),
        lambda: F.pad(t(3), (0.5, 1)),
        OptionError,
        ("pad: cannot read widths=((0.5, 1),)",),
    ),
}

CASES = LOSSES | DTYPES | OPTIONS


@pytest.mark.parametrize("case", CASES.values(), ids=list(CASES))
def test_says_what_was_expected_and_what_came(case: Case) -> None:
    check_refused(case)


def test_a_missing_input_and_an_unknown_option_are_a_type_error() -> None:
    with pytest.raises(TypeError, match="linear: needs x, weight"):
        ops.linear(zeros(2, 3))
    with pytest.raises(TypeError, match="exp: unknown option 'colour': known: none"):
        ops.exp(zeros(2), colour="red")
    with pytest.raises(TypeError, match="'strides': did you mean stride"):
        ops.im2col(zeros(1, 4, 4, 1), kernel=2, strides=2)
    with pytest.raises(TypeError, match="im2col: needs kernel"):
        ops.im2col(zeros(1, 4, 4, 1), stride=2)
