"""Linear, convolution and the norms. Names, arguments and defaults are PyTorch's."""

from __future__ import annotations

from typing import Any

import numpy as np

from minicvt import ops
from minicvt.errors import OptionError
from minicvt.nn.init import Init
from minicvt.nn.module import Module, Parameter
from minicvt.ops.calls import pair
from minicvt.tensor import Tensor


class Linear(Module):
    """y = x W^T + b on the last axis; weight ``(out, in)``."""

    def __init__(
        self, in_features: int, out_features: int, bias: bool = True, *, init: Init
    ) -> None:
        self.weight = Parameter(init.linear(out_features, in_features))
        self.bias = (
            Parameter(init.linear_bias(out_features, in_features)) if bias else None
        )

    def forward(self, x: Tensor) -> Tensor:
        """Map ``(..., in)`` to ``(..., out)``."""
        return ops.linear(x, self.weight, self.bias)


class Pointwise(Linear):
    """A 1 x 1 convolution: one Linear at every place, which starts as a convolution."""

    def __init__(self, in_channels: int, out_channels: int, *, init: Init) -> None:
        self.weight = Parameter(init.conv(out_channels, in_channels))
        self.bias = Parameter(init.conv_bias(out_channels, in_channels))


class Conv2d(Module):
    """Convolution of a map ``(B, H, W, I)``; weight ``(O, I/groups, kh, kw)``.

    One group a channel runs the direct depthwise kernel, everything else goes
    through im2col.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Any,
        stride: Any = 1,
        padding: Any = 0,
        groups: int = 1,
        bias: bool = True,
        *,
        init: Init,
    ) -> None:
        if groups < 1 or in_channels % groups or out_channels % groups:
            raise OptionError(
                f"Conv2d: {groups} groups do not divide {in_channels} and "
                f"{out_channels} channels"
            )
        kernel = pair("kernel_size", kernel_size)
        self.weight = Parameter(init.conv(out_channels, in_channels // groups, *kernel))
        fan_in = self.weight.size // out_channels
        self.bias = Parameter(init.conv_bias(out_channels, fan_in)) if bias else None
        self.window = {
            "stride": pair("stride", stride),
            "padding": pair("padding", padding),
        }
        self.groups = groups
        self.depthwise = groups == in_channels == out_channels

    def forward(self, x: Tensor) -> Tensor:
        """Map ``(B, H, W, I)`` to ``(B, H', W', O)``."""
        if self.depthwise:
            y = ops.depthwise_conv2d(x, self.weight, **self.window)
            return y if self.bias is None else y + self.bias
        return ops.conv2d(x, self.weight, self.bias, groups=self.groups, **self.window)


class LayerNorm(Module):
    """Normalise each row over its channels, then scale and shift."""

    def __init__(self, dim: int, eps: float = 1e-5, *, init: Init) -> None:
        self.weight = Parameter(init.ones(dim))
        self.bias = Parameter(init.zeros(dim))
        self.eps = eps

    def forward(self, x: Tensor) -> Tensor:
        """Keep the shape ``(..., dim)``."""
        return ops.layer_norm(x, self.weight, self.bias, eps=self.eps)

    def of_sum(self, x: Tensor, branch: Tensor) -> tuple[Tensor, Tensor]:
        """Return x + branch, and what this makes of it, from one pass over both."""
        plain = getattr(self.forward, "__func__", None) is NORMALISE
        inputs = x, branch, self.weight, self.bias
        return ops.add_layer_norm(*inputs, eps=self.eps, norm=self, plain=plain)


NORMALISE = LayerNorm.forward
"""What a LayerNorm does, unless somebody gave it another ``forward``."""


class BatchNorm2d(Module):
    """Normalise each channel over the batch (training) or by what was seen before.

    running <- (1 - momentum) running + momentum batch, with the unbiased variance,
    as in PyTorch.
    """

    buffers = ("running_mean", "running_var", "num_batches_tracked")

    def __init__(
        self, dim: int, eps: float = 1e-5, momentum: float = 0.1, *, init: Init
    ) -> None:
        self.weight = Parameter(init.ones(dim))
        self.bias = Parameter(init.zeros(dim))
        self.eps, self.momentum = eps, momentum
        self.running_mean = init.zeros(dim)
        self.running_var = init.ones(dim)
        self.num_batches_tracked = np.array(0, np.int64)

    def forward(self, x: Tensor) -> Tensor:
        """Keep the shape ``(B, H, W, dim)``; in training, update the statistics."""
        if not self.training:
            statistics = {"mean": self.running_mean, "var": self.running_var}
            return ops.batch_norm_eval(
                x, self.weight, self.bias, eps=self.eps, **statistics
            )
        y, mean, var = ops.batch_norm(x, self.weight, self.bias, eps=self.eps)
        if isinstance(mean, np.ndarray):
            self._track(mean, var, x.size // x.shape[-1])
        return y

    def _track(self, mean: Any, var: Any, count: int) -> None:
        m, unbiased = self.momentum, var * (count / (count - 1))
        self.running_mean = (1 - m) * self.running_mean + m * mean
        self.running_var = (1 - m) * self.running_var + m * unbiased
        self.num_batches_tracked = self.num_batches_tracked + 1
