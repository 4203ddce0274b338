"""Elementwise: every way to broadcast, ties where a rule has a corner."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from minicvt.verify.operations.entry import EXACT, listed
from minicvt.verify.operations.samples import Draw, Sample


def _torch(name: str) -> Callable[..., Any]:
    """PyTorch's function of that name."""
    return lambda torch, *inputs: getattr(torch, name)(*inputs)


def _functional(name: str, **options: Any) -> Callable[..., Any]:
    """PyTorch's function of that name in torch.nn.functional."""
    return lambda torch, x: getattr(torch.nn.functional, name)(x, **options)


def _two(draw: Draw, values: Any) -> Sample:
    shape = draw.shape()
    return Sample((values(*draw.stretched(shape)), values(*draw.stretched(shape))))


for name in ("add", "subtract", "multiply"):
    listed(name, _torch(name))(lambda draw: _two(draw, draw.normal))
listed("divide", _torch("divide"))(lambda draw: _two(draw, draw.positive))
listed("maximum", _torch("maximum"), corners=True)(lambda draw: _two(draw, draw.tied))

UNARY = {
    "exp": _torch("exp"),
    "tanh": _torch("tanh"),
    "sigmoid": _torch("sigmoid"),
}
for name, theirs in UNARY.items():
    listed(name, theirs)(lambda draw: Sample((draw.moderate(*draw.shape()),)))
listed("negative", _torch("negative"), EXACT)(
    lambda draw: Sample((draw.normal(*draw.shape()),))
)
for name in ("log", "sqrt"):
    listed(name, _torch(name))(lambda draw: Sample((draw.positive(*draw.shape()),)))
listed("abs", _torch("abs"), EXACT, corners=True)(
    lambda draw: Sample((draw.tied(*draw.shape()),))  # at 0 its derivative is 0
)

ACTIVATIONS = {
    "gelu": _functional("gelu"),
    "gelu_tanh": _functional("gelu", approximate="tanh"),
    "quick_gelu": lambda torch, x: x * torch.sigmoid(1.702 * x),
    "silu": _functional("silu"),
    "relu": _functional("relu"),
}


def _of_sum(theirs: Any) -> Any:
    """Make PyTorch's curve one of x + bias."""
    return lambda torch, x, bias=None: theirs(torch, x if bias is None else x + bias)


def _draw_activation(draw: Draw, values: Any) -> Sample:
    """Draw x, and often a bias."""
    shape = draw.shape()
    bias = draw.normal(*shape[-1:]) / 4
    return Sample((values(*shape), draw.one_of(bias, None) if shape else None))


for name, theirs in ACTIVATIONS.items():
    corner = name == "relu"  # 0 is among the values: its derivative there is 0
    listed(name, _of_sum(theirs), corners=corner)(
        lambda draw, corner=corner: _draw_activation(
            draw, draw.tied if corner else draw.moderate
        )
    )


@listed("power", lambda torch, x, exponent: x**exponent)
def _draw_power(draw: Draw) -> Sample:
    """Draw whole exponents of any number, others of positive ones."""
    exponent = draw.one_of(0, 1, 2, 3, -1, 0.5, -1.5)
    whole = exponent in (0, 1, 2, 3)
    values = draw.normal if whole else draw.positive
    return Sample((values(*draw.shape()),), {"exponent": exponent})


def _where(torch: Any, x: Any, y: Any, condition: Any) -> Any:
    return torch.where(torch.tensor(condition), x, y)


@listed("where", _where)
def _draw_where(draw: Draw) -> Sample:
    """Draw a condition and two choices, each of which may broadcast."""
    shape = draw.shape()
    x, y = (draw.normal(*draw.stretched(shape)) for _ in range(2))
    condition = draw.normal(*draw.stretched(shape)) > 0
    return Sample((x, y), {"condition": condition})
