"""Stems: what some papers do to the image before its first embedding.

=================  =====================================  ======
stem               what it is                             stride
=================  =====================================  ======
none               the image as it is                     1
cmt                three convolutions 3 x 3               2
ceit               convolution 7 x 7, then max pooling    4
t2t_performer      two soft splits with kernel attention  8
t2t_transformer    two soft splits with attention         8
=================  =====================================  ======
"""

from __future__ import annotations

from typing import NamedTuple

from minicvt import ops
from minicvt.errors import unknown
from minicvt.nn.feed_forward import activation_named
from minicvt.nn.init import Init
from minicvt.nn.layers import BatchNorm2d, Conv2d
from minicvt.nn.module import Module
from minicvt.nn.soft_split import SPLITS, SoftSplit
from minicvt.tensor import Tensor

Windows = tuple[tuple[int, int, int], ...]


class StemSpec(NamedTuple):
    """The windows (kernel, stride, padding) that change the size, and usual width."""

    windows: Windows
    dim: int

    @property
    def stride(self) -> int:
        """Pixels from one place of the stem's map to the next."""
        stride = 1
        for _, step, _ in self.windows:
            stride *= step
        return stride


STEMS = {
    "none": StemSpec((), 0),
    "cmt": StemSpec(((3, 2, 1),), 32),
    "ceit": StemSpec(((7, 2, 3), (3, 2, 1)), 64),
    "t2t_performer": StemSpec(SPLITS, 64),
    "t2t_transformer": StemSpec(SPLITS, 64),
}


class NoStem(Module):
    """The image as it is."""

    def forward(self, x: Tensor) -> Tensor:
        """Return it unchanged."""
        return x


class ConvStem(Module):
    """Three times convolution 3 x 3, GELU, BatchNorm, in this order (CMT section 3.1).

    The first has stride 2.
    """

    def __init__(
        self, in_chans: int, dim: int, activation: str = "gelu", *, init: Init
    ) -> None:
        self.conv1 = Conv2d(in_chans, dim, 3, 2, 1, init=init)
        self.bn1 = BatchNorm2d(dim, init=init)
        self.conv2 = Conv2d(dim, dim, 3, 1, 1, init=init)
        self.bn2 = BatchNorm2d(dim, init=init)
        self.conv3 = Conv2d(dim, dim, 3, 1, 1, init=init)
        self.bn3 = BatchNorm2d(dim, init=init)
        self.activation = activation_named(activation)

    def forward(self, x: Tensor) -> Tensor:
        """Map ``(B, H, W, in_chans)`` to ``(B, H/2, W/2, dim)``, rounded up."""
        g = self.activation
        x = self.bn1(g(self.conv1(x)))
        x = self.bn2(g(self.conv2(x)))
        return self.bn3(g(self.conv3(x)))


class ImageToTokens(Module):
    """x' = MaxPool(BN(Conv(x))), CeiT's I2T up to its patches (section 3.2).

    7 x 7 with stride 2, then 3 x 3 with stride 2; no bias, and no activation.
    """

    def __init__(self, in_chans: int, dim: int, *, init: Init) -> None:
        self.conv = Conv2d(in_chans, dim, 7, 2, 3, bias=False, init=init)
        self.bn = BatchNorm2d(dim, init=init)

    def forward(self, x: Tensor) -> Tensor:
        """Map ``(B, H, W, in_chans)`` to ``(B, H/4, W/4, dim)``, rounded up."""
        x = self.bn(self.conv(x))
        return ops.max_pool2d(x, kernel=3, stride=2, padding=1)


def stem_named(name: str) -> StemSpec:
    """Look up ``STEMS``; unknown names raise ``UnknownName``."""
    if name not in STEMS:
        raise unknown("stem", name, STEMS)
    return STEMS[name]


def make_stem(
    name: str,
    in_chans: int,
    dim: int,
    activation: str = "gelu",
    eps: float = 1e-5,
    *,
    init: Init,
) -> Module:
    """Build the stem ``name``, ``dim`` wide; unknown names raise ``UnknownName``.

    ``eps`` is that of the LayerNorms in T2T's.
    """
    stem_named(name)
    if name == "none":
        return NoStem()
    if name == "cmt":
        return ConvStem(in_chans, dim, activation, init=init)
    if name == "ceit":
        return ImageToTokens(in_chans, dim, init=init)
    kind = name.removeprefix("t2t_")
    return SoftSplit(in_chans, dim, kind, activation, eps, init=init)
