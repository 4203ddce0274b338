"""ResNet: Deep Residual Learning for Image Recognition (He et al. 2015).

The convolutional baseline of every table in the vision transformers' papers: a stem,
four stages of bottlenecks, each but the first at half the height and width of the one
before, the mean over places, one Linear.

::

    y    = relu(F(x) + W_s x),  W_s the identity where shapes agree      (1) and (2)
    F(x) = BN(W_3 relu(BN(W_2 relu(BN(W_1 x)))))        1x1, 3x3, 1x1, figure 5
    W_s  = BN(1x1 convolution) where they do not        option B of section 3.3

BatchNorm follows each convolution, none of which has a bias. Names are torchvision's.
Table 1 halves in the first bottleneck of a stage; the authors' own models do so in its
1x1 convolution ("v1", ``stride_in="conv1"``), which skips three places of four. Here
it is the 3x3, as in torchvision and transformers ("v1.5"). Theirs pool without padding
and round up, we pad by 1: other borders, the same size at 224. Weights start normal
with variance 2 / fan_out, as in torchvision; the paper's reference [13] has fan_in too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from minicvt import ops
from minicvt.errors import OptionError, unknown
from minicvt.models.config import DIGITS16, Config
from minicvt.models.folding import fold
from minicvt.nn import BatchNorm2d, Conv2d, Init, Linear, Module, ModuleList, as_images
from minicvt.tensor import Tensor

EXPANSION = 4  # channels that a bottleneck puts out for each one inside
STRIDE_IN = ("conv1", "conv2")
STEMS = {"imagenet": (7, 2, 3, True), "cifar": (3, 1, 1, False)}
"""Kernel, stride and padding of the first convolution; whether max pooling follows."""


@dataclass(frozen=True)
class ResNetConfig(Config):
    """What makes one ResNet; ``dims`` are the channels that come out of each stage.

    ``stem`` "imagenet" is table 1's and leaves a quarter of each side to the stages;
    "cifar" is section 4.2's, for small pictures, and leaves all of it.
    """

    paper = "resnet"
    counts = (*Config.counts, "stem_dim")
    stage_fields = ("dims", "depths")
    dims: tuple[int, ...] = (256, 512, 1024, 2048)
    depths: tuple[int, ...] = (3, 4, 6, 3)
    stem: str = "imagenet"
    stem_dim: int = 64
    stride_in: str = "conv2"
    init: str = "resnet"

    def __post_init__(self) -> None:
        super().__post_init__()
        for field, known in (("stem", STEMS), ("stride_in", STRIDE_IN)):
            if getattr(self, field) not in known:
                raise unknown(field, getattr(self, field), known)
        if min(self.dims) < 1 or any(dim % EXPANSION for dim in self.dims):
            raise OptionError(f"dims should be multiples of {EXPANSION}: {self.dims}")
        if min(self.depths) < 1:
            raise OptionError(f"each stage should have a block: {self.depths}")

    def build(self, dtype: Any = "float32", seed: Any = 0) -> ResNet:
        """Make the model."""
        return ResNet(self, Init(dtype, seed, self.init))


class Bottleneck(Module):
    """Squeeze to a quarter of the channels, look around, expand, add what came in."""

    def __init__(
        self, in_dim: int, dim: int, stride: int, stride_in: str, *, init: Init
    ) -> None:
        inner = dim // EXPANSION
        strides = [stride if name == stride_in else 1 for name in STRIDE_IN]
        self.conv1 = Conv2d(in_dim, inner, 1, strides[0], bias=False, init=init)
        self.bn1 = BatchNorm2d(inner, init=init)
        self.conv2 = Conv2d(inner, inner, 3, strides[1], 1, bias=False, init=init)
        self.bn2 = BatchNorm2d(inner, init=init)
        self.conv3 = Conv2d(inner, dim, 1, bias=False, init=init)
        self.bn3 = BatchNorm2d(dim, init=init)
        agree = in_dim == dim and stride == 1
        self.downsample = None if agree else shortcut(in_dim, dim, stride, init=init)

    def forward(self, x: Tensor) -> Tensor:
        """Map ``(B, H, W, in_dim)`` to ``(B, H', W', dim)``, H' = ceil(H / stride)."""
        y = ops.relu(self.bn1(self.conv1(x)))
        y = ops.relu(self.bn2(self.conv2(y)))
        y = self.bn3(self.conv3(y))
        for layer in self.downsample or ():
            x = layer(x)
        return ops.relu(y + x)


def shortcut(in_dim: int, dim: int, stride: int, *, init: Init) -> ModuleList:
    """Build option B, W_s of equation (2): what takes x to the shape of F(x)."""
    conv = Conv2d(in_dim, dim, 1, stride, bias=False, init=init)
    return ModuleList([conv, BatchNorm2d(dim, init=init)])


class ResNet(Module):
    """Images ``(B, H, W, in_chans)`` of any size to logits ``(B, num_classes)``."""

    def __init__(self, config: ResNetConfig, init: Init) -> None:
        c = self.config = config
        k, s, p, self.max_pool = STEMS[c.stem]
        self.conv1 = Conv2d(c.in_chans, c.stem_dim, k, s, p, bias=False, init=init)
        self.bn1 = BatchNorm2d(c.stem_dim, init=init)
        for index in range(len(c.dims)):
            setattr(self, f"layer{index + 1}", stage(c, index, init=init))
        self.fc = Linear(c.dims[-1], c.num_classes, init=init)

    def forward(self, images: Any) -> Tensor:
        """Return logits; arrays are cast to the model's dtype."""
        x = as_images(images, self.config.in_chans, self.dtype)
        x = ops.relu(self.bn1(self.conv1(x)))
        if self.max_pool:
            x = ops.max_pool2d(x, kernel=3, stride=2, padding=1)
        for index in range(len(self.config.dims)):
            for block in getattr(self, f"layer{index + 1}"):
                x = block(x)
        return self.fc(x.mean(axis=(1, 2)))

    def fold(self) -> Any:
        """Return this model for inference only (:mod:`minicvt.models.folding`)."""
        return fold(self)


def stage(config: ResNetConfig, index: int, *, init: Init) -> ModuleList:
    """Build the blocks of a stage, the first of which changes sizes."""
    c, dim = config, config.dims[index]
    sizes = [(dim, 1)] * c.depths[index]
    sizes[0] = (c.dims[index - 1], 2) if index else (c.stem_dim, 1)
    return ModuleList([Bottleneck(n, dim, s, c.stride_in, init=init) for n, s in sizes])


VARIANTS = {
    "resnet-50": ResNetConfig("resnet-50"),
    "resnet-101": ResNetConfig("resnet-101", depths=(3, 4, 23, 3)),
    "resnet-152": ResNetConfig("resnet-152", depths=(3, 8, 36, 3)),
    "resnet-digits16": ResNetConfig(
        "resnet-digits16",
        **DIGITS16,
        dims=(64, 128),
        depths=(2, 1),
        stem_dim=16,
    ),
}
"""The paper's three with bottlenecks, and one that learns digits while one waits."""
