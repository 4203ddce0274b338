"""What runs for a claim: layers and models, by shapes alone, and what they cost."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from typing import Any, NamedTuple

from minicvt.accounting import Ledger, count
from minicvt.blank import Blank, shapes_only
from minicvt.grid import Grid
from minicvt.models import variant
from minicvt.nn import Attention, BatchNorm2d, Conv2d, Init, Linear, Module, evaluation
from minicvt.nn.projection import DepthwiseBN
from minicvt.nn.tokens import flatten
from minicvt.tensor import Tensor
from minicvt.verify.equations.sweep import Size, Window


class Ran(NamedTuple):
    """Something that ran: its parameters, its ledger, the model itself."""

    parameters: int
    ledger: Ledger
    model: Any

    @property
    def macs(self) -> int:
        """Multiply-adds of one image."""
        return self.ledger.macs

    @property
    def products(self) -> int:
        """Those of the two products of attention."""
        return sum(e.macs for e in self.ledger.entries if e.operation == "attend")

    def within(self, path: str) -> int:
        """Those of the modules whose path has ``path`` in it."""
        return sum(e.macs for e in self.ledger.entries if path in f"{e.path}.")


def ran(name: str, image: int | None = None, **overrides: Any) -> Ran:
    """Run a model by name at its own size, or at ``image`` x ``image``."""
    size = {"image": (image, image)} if image else {}
    return _ran(name, **size, **overrides)


@cache
def _ran(name: str, **overrides: Any) -> Ran:
    with shapes_only():
        model = variant(name, **overrides).build()
        return Ran(model.count_parameters(), count(model), model)


def layer(make: Callable[..., Module], *shape: int, grid: Grid | None = None) -> Ran:
    """Run one layer on a ``(1, *shape)`` map, or on the tokens of ``grid``."""
    with shapes_only(), count() as ledger:
        init = Init()
        module = make(init=init)
        x = Tensor(Blank((1, *shape), init.dtype))
        with evaluation(module):
            module(x) if grid is None else module(x, grid)
    return Ran(module.count_parameters(), ledger, module)


class Separable(Module):
    """Equation 2 with any window: depthwise, BatchNorm or none, then point-wise."""

    def __init__(self, dim: int, window: Window, norm: bool, *, init: Init) -> None:
        kernel, stride, padding = window
        self.conv = Conv2d(
            dim, dim, kernel, stride, padding, groups=dim, bias=False, init=init
        )
        self.bn: BatchNorm2d | None = BatchNorm2d(dim, init=init) if norm else None
        self.proj = Linear(dim, dim, init=init)

    def forward(self, x: Tensor) -> Tensor:
        """Map ``(B, H, W, dim)`` to tokens ``(B, H' W', dim)``."""
        y = self.conv(x)
        return self.proj(flatten(y if self.bn is None else self.bn(y))[0])


@cache
def separable(dim: int, window: Window, size: Size, norm: bool = True) -> Ran:
    """Run one convolutional projection."""
    return layer(partial(Separable, dim, window, norm), *size, dim)


@cache
def dense(dim: int, window: Window, size: Size, bias: bool = False) -> Ran:
    """Run the standard convolution in its place."""
    return layer(partial(Conv2d, dim, dim, *window, bias=bias), *size, dim)


@cache
def linear(dim: int, tokens: int) -> Ran:
    """Run the position-wise linear projection in its place."""
    return layer(partial(Linear, dim, dim), tokens, dim)


class AnyWindow(DepthwiseBN):
    """The library's projection with a window that is not 3 x 3."""

    def __init__(self, dim: int, window: Window, *, init: Init) -> None:
        kernel, stride, padding = window
        self.conv = Conv2d(
            dim, dim, kernel, stride, padding, groups=dim, bias=False, init=init
        )
        self.bn = BatchNorm2d(dim, init=init)


@cache
def attention(dim: int, window: Window, grid: Grid) -> Ran:
    """Run the attention of a CvT block whose keys and values have this window."""
    kernel = window[0]

    def make(init: Init) -> Attention:
        made = Attention(dim, 1, init=init)
        made.conv_proj_q = AnyWindow(dim, (kernel, 1, kernel // 2), init=init)
        made.conv_proj_k = AnyWindow(dim, window, init=init)
        made.conv_proj_v = AnyWindow(dim, window, init=init)
        return made

    return layer(make, grid.tokens, dim, grid=grid)


def keys(attended: Ran) -> int:
    """Return how many keys each query of an attention has."""
    shapes = [e.inputs[1] for e in attended.ledger.entries if e.operation == "attend"]
    return next(shape[2] for shape in shapes if shape is not None)
