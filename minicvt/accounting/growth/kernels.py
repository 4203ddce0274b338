"""Growth with s, the kernel of a projection: s^2 C^2 T against s^2 C T + C^2 T."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from minicvt import models
from minicvt.accounting.counting import count
from minicvt.accounting.growth.curves import Curve, Runs, Sweep, forward, sample, timed
from minicvt.accounting.growth.timing import ROUNDS
from minicvt.blank import Blank, shapes_only
from minicvt.nn import BatchNorm2d, Conv2d, Init, Linear, Module
from minicvt.tensor import Tensor

KERNELS = (1, 3, 5, 7, 9, 11)
WHERE = ("cvt-13", 1)
"""The model and stage whose map the projections see."""


class Separable(Module):
    """CvT's: depthwise s x s, BatchNorm, then a Linear (section 3.2)."""

    def __init__(self, dim: int, s: int, *, init: Init) -> None:
        p = s // 2
        self.conv = Conv2d(dim, dim, s, padding=p, groups=dim, bias=False, init=init)
        self.bn = BatchNorm2d(dim, init=init)
        self.proj = Linear(dim, dim, init=init)

    def forward(self, x: Tensor) -> Tensor:
        """Keep the shape ``(B, H, W, dim)``."""
        return self.proj(self.bn(self.conv(x)))


class Dense(Conv2d):
    """One s x s convolution of all channels, which CvT does without."""

    def __init__(self, dim: int, s: int, *, init: Init) -> None:
        super().__init__(dim, dim, s, padding=s // 2, init=init)


KINDS: dict[str, Any] = {"separable, as in CvT": Separable, "dense": Dense}


def by_kernel(kernels: Sequence[int] = KERNELS, rounds: int = ROUNDS) -> Sweep:
    """Grow odd kernels s at stride 1 on the map of one stage, float32."""
    config: Any = models.variant(WHERE[0])
    dim, grid = config.dims[WHERE[1]], config.grids()[WHERE[1]]
    shape = (1, grid.height, grid.width, dim)
    x = np.random.default_rng(0).random(shape, np.float32)
    curves: list[Curve] = []
    runs: Runs = {}
    for name, kind in KINDS.items():
        samples = []
        for s in kernels:
            with shapes_only(), count() as ledger:
                kind(dim, s, init=Init("float32", 0))(Tensor(Blank(shape, x.dtype)))
            samples.append(sample(s, ledger))
            runs[name, s] = forward(kind(dim, s, init=Init("float32", 0)), x)
        curves.append(Curve(name, tuple(samples)))
    where = f"{grid.height} x {grid.width} x {dim}"
    title = f"kernel s of one projection of a map {where}"
    return Sweep(title, "s", timed(curves, runs, rounds))
