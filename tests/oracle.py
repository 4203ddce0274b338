"""PyTorch as the oracle: minicvt.verify.oracle with PyTorch in its place."""

from __future__ import annotations

from functools import partial

import torch

from minicvt.verify import oracle
from minicvt.verify.oracle import Answers, nhwc, our_answers, relative_error

__all__ = [
    "Answers",
    "nchw",
    "nhwc",
    "our_answers",
    "relative_error",
    "to_torch",
    "torch_answers",
]

to_torch = partial(oracle.to_torch, torch)
nchw = partial(oracle.nchw, torch)
torch_answers = partial(oracle.torch_answers, torch)
