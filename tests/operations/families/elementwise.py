"""Elementwise: every way to broadcast, ties where a rule has a corner."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F

from tests.operations.entry import listed
from tests.operations.samples import Draw, Sample


def _two(draw: Draw, values: Any) -> Sample:
    shape = draw.shape()
    return Sample((values(*draw.stretched(shape)), values(*draw.stretched(shape))))


for name in ("add", "subtract", "multiply"):
    listed(name, getattr(torch, name))(lambda draw: _two(draw, draw.normal))
listed("divide", torch.divide)(lambda draw: _two(draw, draw.positive))
listed("maximum", torch.maximum)(lambda draw: _two(draw, draw.tied))

UNARY = {
    "negative": torch.negative,
    "exp": torch.exp,
    "tanh": torch.tanh,
    "sigmoid": torch.sigmoid,
    "gelu": F.gelu,
    "gelu_tanh": lambda x: F.gelu(x, approximate="tanh"),
    "quick_gelu": lambda x: x * torch.sigmoid(1.702 * x),
    "silu": F.silu,
}
for name, theirs in UNARY.items():
    listed(name, theirs)(lambda draw: Sample((draw.moderate(*draw.shape()),)))
for name in ("log", "sqrt"):
    listed(name, getattr(torch, name))(
        lambda draw: Sample((draw.positive(*draw.shape()),))
    )
for name in ("abs", "relu"):  # 0 is among the values: their derivative there is 0
    listed(name, getattr(torch, name))(lambda draw: Sample((draw.tied(*draw.shape()),)))


@listed("power", lambda x, exponent: x**exponent)
def draw_power(draw: Draw) -> Sample:
    exponent = draw.one_of(0, 1, 2, 3, -1, 0.5, -1.5)
    whole = exponent in (0, 1, 2, 3)
    values = draw.normal if whole else draw.positive
    return Sample((values(*draw.shape()),), {"exponent": exponent})


@listed("where", lambda x, y, condition: torch.where(torch.tensor(condition), x, y))
def draw_where(draw: Draw) -> Sample:
    shape = draw.shape()
    x, y = (draw.normal(*draw.stretched(shape)) for _ in range(2))
    condition = draw.normal(*draw.stretched(shape)) > 0
    return Sample((x, y), {"condition": condition})
