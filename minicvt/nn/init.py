"""How parameters start: one object carries the dtype, the randomness, the scheme."""

from __future__ import annotations

from collections.abc import Callable
from math import prod, sqrt
from typing import Any

import numpy as np

from minicvt.blank import Blank, is_shapes_only
from minicvt.errors import DtypeError, unknown

Shape = tuple[int, ...]
SCHEMES = (
    "trunc_norm",
    "trunc_norm_all",
    "xavier",
    "jax",
    "kaiming",
    "resnet",
    "pytorch",
)


class Init:
    """Draws every starting value of a model, in ``dtype``, from ``seed``.

    ==============  ==========================  ==================================
    ``scheme``      Linear: weight, bias        convolution: weight, bias
    ==============  ==========================  ==================================
    trunc_norm      normal, std 0.02; zero      PyTorch's
    trunc_norm_all  normal, std 0.02; zero      the same
    xavier          +-sqrt(6 / (in + out)); 0   PyTorch's
    jax             +-sqrt(6 / (in + out)); 0   normal, variance 1 / fan_in; 0
    kaiming         normal, std 0.02; zero      normal, variance 2 / fan_out; 0
    resnet          PyTorch's                   normal, variance 2 / fan_out; 0
    pytorch         PyTorch's                   PyTorch's
    ==============  ==========================  ==================================

    "trunc_norm" is that of CvT, DeiT, PVT, T2T and CeiT: its truncation at +-2 is
    100 standard deviations away, so it never cuts. "jax" is ViT's, "kaiming" CMT's,
    "resnet" torchvision's (fan_out is O kh kw, also of a depthwise convolution, as in
    PyTorch). PyTorch's own is uniform in +-1/sqrt(fan_in), weight and bias.
    """

    def __init__(
        self, dtype: Any = "float32", seed: Any = 0, scheme: str = "trunc_norm"
    ) -> None:
        if scheme not in SCHEMES:
            raise unknown("init scheme", scheme, SCHEMES)
        self.dtype = np.dtype(dtype)
        if self.dtype not in (np.float32, np.float64):
            raise DtypeError(f"dtype must be float32 or float64, got {self.dtype}")
        self.rng = np.random.default_rng(seed)
        self.scheme = scheme

    def generator(self) -> np.random.Generator:
        """Return a new independent generator, for a layer that draws masks."""
        return self.rng.spawn(1)[0]

    def _fill(self, shape: Shape, draw: Callable[[], Any]) -> Any:
        if is_shapes_only():
            return Blank(shape, self.dtype)
        return np.asarray(draw(), self.dtype)

    def zeros(self, *shape: int) -> Any:
        """All zeros."""
        return self._fill(shape, lambda: np.zeros(shape))

    def ones(self, *shape: int) -> Any:
        """All ones."""
        return self._fill(shape, lambda: np.ones(shape))

    def normal(self, *shape: int, std: float = 0.02) -> Any:
        """Normal values around 0: class tokens and position embeddings."""
        return self._fill(shape, lambda: self.rng.normal(0, std, shape))

    def uniform(self, *shape: int, bound: float) -> Any:
        """Uniform values in +-bound."""
        return self._fill(shape, lambda: self.rng.uniform(-bound, bound, shape))

    def linear(self, out_features: int, in_features: int) -> Any:
        """Weight of a Linear layer, after the scheme."""
        shape = (out_features, in_features)
        if self.scheme in ("xavier", "jax"):
            return self.uniform(*shape, bound=sqrt(6 / (in_features + out_features)))
        if self.scheme in ("resnet", "pytorch"):
            return self.uniform(*shape, bound=1 / sqrt(in_features))
        return self.normal(*shape)

    def linear_bias(self, out_features: int, in_features: int) -> Any:
        """Bias of a Linear layer, after the scheme."""
        if self.scheme in ("resnet", "pytorch"):
            return self.uniform(out_features, bound=1 / sqrt(in_features))
        return self.zeros(out_features)

    def conv(self, *shape: int) -> Any:
        """Weight of a convolution ``(O, I/groups, kh, kw)``, after the scheme."""
        out, fan_in = shape[0], prod(shape[1:])
        spread = {"trunc_norm_all": 0.02, "jax": sqrt(1 / fan_in)}
        spread["kaiming"] = spread["resnet"] = sqrt(2 / (out * prod(shape[2:])))
        if self.scheme in spread:
            return self.normal(*shape, std=spread[self.scheme])
        return self.uniform(*shape, bound=1 / sqrt(fan_in))

    def conv_bias(self, out_channels: int, fan_in: int) -> Any:
        """Bias of a convolution, after the scheme."""
        if self.scheme in ("trunc_norm_all", "jax", "kaiming", "resnet"):
            return self.zeros(out_channels)
        return self.uniform(out_channels, bound=1 / sqrt(fan_in))
