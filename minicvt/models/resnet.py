"""ResNet: Deep Residual Learning for Image Recognition (He et al. 2015).

The convolutional baseline of every table in the vision transformers' papers: one
large convolution and max pooling, four stages of bottlenecks, the mean over places,
one Linear. Each stage but the first halves height and width.

::

    y    = relu(F(x) + W_s x),  W_s the identity where shapes agree      (1) and (2)
    F(x) = BN(W_3 relu(BN(W_2 relu(BN(W_1 x)))))        1x1, 3x3, 1x1, figure 5
    W_s  = BN(1x1 convolution) where they do not        option B of section 3.3

BatchNorm follows each convolution, none of which has a bias. Names are torchvision's.

Where implementations differ: table 1 halves in the first bottleneck of a stage, and
does not say in which of its convolutions. In the authors' own models it is the first,
1x1 ("v1", ``stride_in="conv1"``, which skips three quarters of the map); here, as in
torchvision and transformers, the 3x3 ("v1.5"). Theirs pool without padding and round
up, we pad by 1: other borders, the same sizes. Weights start normal with variance
2 / fan_out as in torchvision; the paper's reference [13] allows 2 / fan_in as well.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

from minicvt import ops
from minicvt.errors import OptionError, unknown
from minicvt.models.config import Config
from minicvt.nn import BatchNorm2d, Conv2d, Init, Linear, Module, ModuleList, as_images
from minicvt.tensor import Tensor

EXPANSION = 4
"""Channels a bottleneck puts out for each one inside."""
STRIDE_IN = ("conv1", "conv2")


class Stem(NamedTuple):
    """Kernel, stride and padding of the first convolution, and what follows it."""

    kernel: int
    stride: int
    padding: int
    max_pool: bool


STEMS = {"imagenet": Stem(7, 2, 3, True), "cifar": Stem(3, 1, 1, False)}
"""Table 1's, after which a side is a quarter, and section 4.2's for small pictures."""


@dataclass(frozen=True)
class ResNetConfig(Config):
    """What makes one ResNet; ``dims`` are the channels that come out of each stage."""

    paper = "resnet"
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
        if any(dim < 1 or dim % EXPANSION for dim in self.dims):
            raise OptionError(
                f"{self.name}: dims should be multiples of {EXPANSION}, got {self.dims}"
            )
        if min(self.depths) < 1:
            raise OptionError(f"{self.name}: a stage without blocks in {self.depths}")

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
        k, s, p, _ = STEMS[c.stem]
        self.conv1 = Conv2d(c.in_chans, c.stem_dim, k, s, p, bias=False, init=init)
        self.bn1 = BatchNorm2d(c.stem_dim, init=init)
        for index in range(len(c.dims)):
            setattr(self, f"layer{index + 1}", stage(c, index, init=init))
        self.fc = Linear(c.dims[-1], c.num_classes, init=init)

    def forward(self, images: Any) -> Tensor:
        """Return logits; arrays are cast to the model's dtype."""
        x = as_images(images, self.config.in_chans, self.dtype)
        x = ops.relu(self.bn1(self.conv1(x)))
        if STEMS[self.config.stem].max_pool:
            x = ops.max_pool2d(x, kernel=3, stride=2, padding=1)
        for index in range(len(self.config.dims)):
            for block in getattr(self, f"layer{index + 1}"):
                x = block(x)
        return self.fc(x.mean(axis=(1, 2)))


def stage(config: ResNetConfig, index: int, *, init: Init) -> ModuleList:
    """Build the blocks of a stage, the first of which changes sizes."""
    dim = config.dims[index]
    in_dim = config.dims[index - 1] if index else config.stem_dim
    first = (in_dim, 2 if index else 1)
    return ModuleList(
        [
            Bottleneck(entering, dim, stride, config.stride_in, init=init)
            for entering, stride in (first, *[(dim, 1)] * (config.depths[index] - 1))
        ]
    )


VARIANTS = {
    "resnet-50": ResNetConfig("resnet-50"),
    "resnet-101": ResNetConfig("resnet-101", depths=(3, 4, 23, 3)),
    "resnet-152": ResNetConfig("resnet-152", depths=(3, 8, 36, 3)),
    "resnet-digits8": ResNetConfig(
        "resnet-digits8",
        in_chans=1,
        num_classes=10,
        image=(8, 8),
        dims=(32, 64, 128),
        depths=(2, 1, 1),
        stem="cifar",
        stem_dim=16,
    ),
}
"""The paper's three with bottlenecks, and one that learns 8 x 8 digits in seconds."""
