"""What PyTorch rejects of convolutions and pooling, we reject, and say why."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from minicvt import ops
from minicvt.errors import ShapeError
from tests.operations.wrong import Case, check_refused, t, zeros
from tests.oracle import nchw

X = zeros(2, 5, 6, 4)
WEIGHT = zeros(8, 4, 3, 3)


def conv(x: Any = X, weight: Any = WEIGHT, **options: Any) -> Case:
    x, weight = np.asarray(x), np.asarray(weight)

    def theirs() -> Any:
        map_ = torch.tensor(x)
        map_ = nchw(map_) if x.ndim == 4 else map_
        F.conv2d(map_, torch.tensor(weight), **options)

    def ours() -> Any:
        return ops.conv2d(x, weight, **options)

    return Case(ours, theirs, ShapeError, ("conv2d: ",))


def saying(case: Case, *says: str) -> Case:
    return case._replace(says=case.says + says)


def pool(name: str, **options: Any) -> Case:
    window = {"kernel": 3, "stride": 2} | options
    theirs = dict(window)
    kernel = theirs.pop("kernel")
    return Case(
        lambda: ops.OPERATIONS[name](X, **window),
        lambda: getattr(F, name)(nchw(torch.tensor(X)), kernel, **theirs),
        ShapeError,
        (f"{name}: ",),
    )


CASES = {
    "channels": saying(conv(weight=zeros(8, 3, 3, 3)), "(8, 3, 3, 3)", "(2, 5, 6, 4)"),
    "rank of x": saying(conv(x=zeros(5, 4)), "(B, H, W, C)", "(5, 4)"),
    "rank of weight": saying(conv(weight=zeros(8, 4)), "(8, 4)"),
    "no outputs": saying(conv(weight=zeros(0, 4, 3, 3)), "(0, 4, 3, 3)"),
    "groups": saying(conv(groups=3), "3 groups", "12", "(2, 5, 6, 4)"),
    "no groups": saying(conv(groups=0), "0 groups"),
    "outputs in groups": saying(conv(weight=zeros(7, 2, 3, 3), groups=2), "(7, 2"),
    "bias": Case(
        lambda: ops.conv2d(X, WEIGHT, zeros(4)),
        lambda: F.conv2d(nchw(torch.tensor(X)), torch.tensor(WEIGHT), t(4)),
        ShapeError,
        ("conv2d: ", "(4,)", "(8,)"),
    ),
    "small map": saying(conv(weight=zeros(8, 4, 7, 3)), "(7, 3)", "(5, 6)"),
    "stride 0": saying(conv(stride=0), "(0, 0)"),
    "negative padding": saying(conv(padding=-1), "(-1, -1)"),
    "three strides": saying(conv(stride=(1, 1, 1)), "(1, 1, 1)"),
    "half a stride": saying(conv(stride=1.5), "1.5"),
    "empty map": saying(conv(x=zeros(1, 0, 3, 4), padding=2), "(1, 0, 3, 4)"),
    "depthwise channels": Case(
        lambda: ops.depthwise_conv2d(X, zeros(3, 1, 3, 3)),
        lambda: F.conv2d(nchw(torch.tensor(X)), t(3, 1, 3, 3), groups=3),
        ShapeError,
        ("depthwise_conv2d: ", "needs 3 channels", "(2, 5, 6, 4)"),
    ),
    "depthwise weight": Case(
        lambda: ops.depthwise_conv2d(X, zeros(4, 2, 3, 3)),
        lambda: F.conv2d(nchw(torch.tensor(X)), t(4, 2, 3, 3), groups=4),
        ShapeError,
        ("depthwise_conv2d: ", "(C, 1, kh, kw)", "(4, 2, 3, 3)"),
    ),
    "rank of columns": Case(
        lambda: ops.col2im(zeros(2, 3, 4), size=5),
        None,
        ShapeError,
        ("col2im: ", "(B, H', W', kh, kw, C)", "(2, 3, 4)"),
    ),
    "im2col": Case(
        lambda: ops.im2col(X, kernel=7),
        lambda: F.unfold(nchw(torch.tensor(X)), 7),
        ShapeError,
        ("im2col: ", "(7, 7)", "(5, 6)"),
    ),
    "col2im": Case(
        lambda: ops.col2im(zeros(2, 4, 4, 2, 2, 3), size=(5, 6)),
        lambda: F.fold(t(2, 12, 16), (5, 6), 2),
        ShapeError,
        ("col2im: ", "(4, 5)", "(4, 4)"),
    ),
    "max pool, small map": saying(pool("max_pool2d", kernel=7), "(7, 7)", "(5, 6)"),
    "max pool, padding": saying(pool("max_pool2d", padding=2), "(2, 2)", "(3, 3)"),
    "avg pool, padding": saying(pool("avg_pool2d", padding=-1), "(-1, -1)"),
    "avg pool, stride": saying(pool("avg_pool2d", stride=0), "(0, 0)"),
}


@pytest.mark.parametrize("case", CASES.values(), ids=list(CASES))
def test_says_what_was_expected_and_what_came(case: Case) -> None:
    check_refused(case)
