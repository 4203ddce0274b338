"""What feeds q, k and v: the papers' six answers.

A projection takes tokens with their grid and returns tokens with theirs; a
Linear layer of the attention (the point-wise half) follows, except after the
dense one, which is both halves in one. Special tokens have no neighbours, so
only the point-wise half touches them.

=======  ==========================  =====================================
method   q                           k and v
=======  ==========================  =====================================
dw_bn    depthwise conv, BatchNorm   the same with stride; one each
avg      as it is                    average pooling
linear   as it is                    as it is
dense    one s x s conv, all C x C   the same with stride; one each
sr       as it is                    dense R x R conv, LayerNorm; shared
dw_sr    as it is                    depthwise R x R conv, BatchNorm; shared
=======  ==========================  =====================================

CvT (section 3.2, figure 3) has the first and compares it with the next two; PVT has
"sr" (equation 3), CMT "dw_sr" (section 3.2), whose windows do not overlap: R is both
kernel and stride. ViT and all others are "linear".
"""

from __future__ import annotations

from minicvt import ops
from minicvt.errors import unknown
from minicvt.grid import Grid
from minicvt.kernels.geometry import map_size
from minicvt.nn.init import Init
from minicvt.nn.layers import BatchNorm2d, Conv2d, LayerNorm
from minicvt.nn.module import Module
from minicvt.nn.tokens import flatten, unflatten
from minicvt.tensor import Tensor

KERNEL, PADDING = 3, 1


class Identity(Module):
    """Tokens as they are: a position-wise linear projection (figure 3a)."""

    def forward(self, tokens: Tensor, grid: Grid) -> tuple[Tensor, Grid]:
        """Return both unchanged."""
        return tokens, grid


class DepthwiseBN(Module):
    """Depthwise convolution, then BatchNorm: s^2 C + 2C parameters (figure 3b, c)."""

    def __init__(self, dim: int, stride: int, *, init: Init) -> None:
        window = {"stride": stride, "padding": PADDING}
        self.conv = Conv2d(
            dim, dim, KERNEL, groups=dim, bias=False, init=init, **window
        )
        self.bn = BatchNorm2d(dim, init=init)

    def forward(self, tokens: Tensor, grid: Grid) -> tuple[Tensor, Grid]:
        """Filter the map; special tokens pass by."""
        token_map, special = unflatten(tokens, grid)
        return flatten(self.bn(self.conv(token_map)), special)


class AvgPool(Module):
    """Average pooling of the map, no parameters; ceil_mode as in the official code."""

    def __init__(self, stride: int) -> None:
        self.stride = stride

    def forward(self, tokens: Tensor, grid: Grid) -> tuple[Tensor, Grid]:
        """Pool the map; special tokens pass by."""
        token_map, special = unflatten(tokens, grid)
        window = {"kernel": KERNEL, "stride": self.stride, "padding": PADDING}
        return flatten(ops.avg_pool2d(token_map, ceil_mode=True, **window), special)


class Dense(Conv2d):
    """The full s x s convolution of the paper's s^2 C^2, bias as in the Linear.

    A special token is a map of its own, 1 x 1: of the kernel only the centre
    ever meets it.
    """

    def __init__(self, dim: int, stride: int, *, init: Init) -> None:
        super().__init__(dim, dim, KERNEL, stride, PADDING, init=init)

    def forward(self, tokens: Tensor, grid: Grid) -> tuple[Tensor, Grid]:  # type: ignore[override]
        """Convolve the map, and give special tokens the centre tap."""
        token_map, special = unflatten(tokens, grid)
        if special is not None:
            centre = self.weight[:, :, PADDING, PADDING]
            special = ops.linear(special, centre, self.bias)
        return flatten(super().forward(token_map), special)


class SpatialReduction(Module):
    """One token for each R x R: a dense convolution, then LayerNorm (PVT, eq. 3)."""

    def __init__(self, dim: int, reduction: int, eps: float, *, init: Init) -> None:
        self.conv = Conv2d(dim, dim, reduction, reduction, init=init)
        self.norm = LayerNorm(dim, eps, init=init)

    def forward(self, tokens: Tensor, grid: Grid) -> tuple[Tensor, Grid]:
        """Reduce the map; special tokens pass by."""
        token_map, special = unflatten(tokens, grid)
        return flatten(self.norm(self.conv(token_map)), special)


class DepthwiseReduction(Module):
    """One token for each R x R: a depthwise convolution, then BatchNorm (CMT)."""

    def __init__(self, dim: int, reduction: int, *, init: Init) -> None:
        self.conv = Conv2d(dim, dim, reduction, reduction, groups=dim, init=init)
        self.bn = BatchNorm2d(dim, init=init)

    def forward(self, tokens: Tensor, grid: Grid) -> tuple[Tensor, Grid]:
        """Reduce the map; special tokens pass by."""
        token_map, special = unflatten(tokens, grid)
        return flatten(self.bn(self.conv(token_map)), special)


def subsample(tokens: Tensor, grid: Grid, stride: int) -> tuple[Tensor, Grid]:
    """Keep the places of the map that a 3 x 3 window of this stride would visit."""
    token_map, special = unflatten(tokens, grid)
    return flatten(token_map[:, ::stride, ::stride], special)


METHODS = ("dw_bn", "avg", "linear", "dense", "sr", "dw_sr")
REDUCTIONS = ("sr", "dw_sr")
"""Those of which k and v share one convolution, and q has none."""


def key_grid(method: str, stride: int, grid: Grid) -> Grid:
    """How keys and values lie for queries on ``grid``."""
    if method == "linear":
        return grid
    window = (stride, 0) if method in REDUCTIONS else (KERNEL, PADDING)
    size = map_size(
        (grid.height, grid.width),
        (window[0],) * 2,
        (stride,) * 2,
        (window[1],) * 2,
        ceil_mode=method == "avg",
    )
    return Grid(*size, grid.special)


def conv_projection(
    method: str, dim: int, stride: int, role: str, eps: float = 1e-5, *, init: Init
) -> Module:
    """Build the projection before q (``role="q"``) or before k or v ("kv").

    ``stride`` is that of this role, ``eps`` of the LayerNorm in "sr". Raises
    ``UnknownName`` for other methods.
    """
    if method not in METHODS:
        raise unknown("projection", method, METHODS)
    if method == "dw_bn":
        return DepthwiseBN(dim, stride, init=init)
    if method == "dense":
        return Dense(dim, stride, init=init)
    if role == "q" or method == "linear":
        return Identity()
    if method == "avg":
        return AvgPool(stride)
    if stride == 1:  # nothing to reduce: neither convolution nor norm
        return Identity()
    if method == "sr":
        return SpatialReduction(dim, stride, eps, init=init)
    return DepthwiseReduction(dim, stride, init=init)
