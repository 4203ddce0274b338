"""PyTorch's functions on one layer's parameters, which they find by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from minicvt.verify.oracle import nchw, nhwc


class Peer:
    """Parameters and buffers of a layer as torch Tensors, by dotted name.

    ``own["fc1"]`` is the peer of a part. Maps are channels-last, as ours.
    """

    def __init__(self, torch: Any, tensors: Mapping[str, Any], training: bool) -> None:
        self.torch, self.training = torch, training
        self.tensors = tensors
        self.functions = torch.nn.functional

    def __getitem__(self, name: str) -> Peer:
        inside = {
            key.removeprefix(f"{name}."): tensor
            for key, tensor in self.tensors.items()
            if key.startswith(f"{name}.")
        }
        return Peer(self.torch, inside, self.training)

    def get(self, name: str) -> Any:
        """Return one tensor, or None."""
        return self.tensors.get(name)

    def linear(self, x: Any) -> Any:
        """x W^T + b, the bias where there is one."""
        return self.functions.linear(x, self.get("weight"), self.get("bias"))

    def conv2d(self, x: Any, **window: Any) -> Any:
        """Convolve a map ``(B, H, W, C)``."""
        x, weight, bias = nchw(self.torch, x), self.get("weight"), self.get("bias")
        return nhwc(self.functions.conv2d(x, weight, bias, **window))

    def layer_norm(self, x: Any, eps: float = 1e-5) -> Any:
        """Normalise the last axis."""
        weight, bias = self.get("weight"), self.get("bias")
        return self.functions.layer_norm(x, x.shape[-1:], weight, bias, eps)

    def batch_norm(self, x: Any, eps: float = 1e-5, momentum: float = 0.1) -> Any:
        """Normalise each channel of a map; in training the buffers are written to."""
        names = ("running_mean", "running_var", "weight", "bias")
        tensors = [self.get(name) for name in names]
        norm = self.functions.batch_norm
        return nhwc(norm(nchw(self.torch, x), *tensors, self.training, momentum, eps))

    def activation(self, name: str, x: Any) -> Any:
        """g(x), by our names of activations."""
        if name == "gelu_tanh":
            return self.functions.gelu(x, approximate="tanh")
        if name == "quick_gelu":
            return x * self.torch.sigmoid(1.702 * x)
        return getattr(self.functions, name)(x)
