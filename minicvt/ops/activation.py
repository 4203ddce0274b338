"""The curves of the feed-forward parts.

Papers that say "GELU" mean three functions: ViT's JAX code the tanh form, most
PyTorch code the exact one, CvT's code QuickGELU.
"""

from __future__ import annotations

from minicvt import kernels
from minicvt.ops.operation import operation
from minicvt.ops.spec import each


def _apply(curve, derivative, x):
    """Run a pair of flat kernels on an array of any shape."""
    y = curve(x.reshape(-1)).reshape(x.shape)
    return y, lambda d: (derivative(d.reshape(-1), x.reshape(-1)).reshape(x.shape),)


@operation(each("activations", 0))
def gelu(x):
    """x Phi(x) = x (1 + erf(x / sqrt 2)) / 2, the exact form."""
    return _apply(kernels.gelu, kernels.gelu_backward, x)


@operation(each("activations", 0))
def gelu_tanh(x):
    """x (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))) / 2."""
    return _apply(kernels.gelu_tanh, kernels.gelu_tanh_backward, x)


@operation(each("activations", 0))
def quick_gelu(x):
    """x sigmoid(1.702 x)."""
    return _apply(kernels.quick_gelu, kernels.quick_gelu_backward, x)


@operation(each("activations", 0))
def silu(x):
    """x sigmoid(x), also called swish."""
    return _apply(kernels.silu, kernels.silu_backward, x)
