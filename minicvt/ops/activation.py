"""The curves of the feed-forward parts, on x or on the sum of x and a bias.

A bias (C,) of the product that made x (..., C) may come along: then the curve is that
of x + bias, and one pass back makes the cotangents of both.  For what cannot add it by
itself: a `linear` begins its sums with the bias, for nothing, and passes on what other
people's code passes on too, where the two can be compared.  So the models leave it
there; here it would save them a pass over cotangents, a 200th of a step of CvT-13, and
in the hello world, whose step is short, it costs as much as it saves.

Papers that say "GELU" mean three functions: ViT's JAX code the tanh form, most
PyTorch code the exact one, CvT's code QuickGELU.
"""

from __future__ import annotations

from math import prod

from minicvt import kernels
from minicvt.errors import ShapeError
from minicvt.ops.operation import operation
from minicvt.ops.spec import NOTHING, Shape, Spec


def _rule(x: Shape, bias: Shape | None) -> Spec:
    work = {"activations": prod(x)}
    if bias is None:
        return Spec(x, work, keeps=(0,))
    if not x or bias != x[-1:]:
        raise ShapeError(f"bias {bias} should be {x[-1:]}, x is {x}")
    back = work | {"additions": 2 * prod(x)}  # x + bias again, and the sum over rows
    work = work | {"additions": prod(x)}
    return Spec(x, work, keeps=(0, 1), backward=(NOTHING,) * 2, always=back)


@operation(_rule)
def gelu(x, bias=None):
    """z Phi(z) = z (1 + erf(z / sqrt 2)) / 2, z = x + bias, the exact form."""
    return kernels.gelu(x, bias), lambda d: kernels.gelu_backward(d, x, bias)


@operation(_rule)
def gelu_tanh(x, bias=None):
    """z (1 + tanh(sqrt(2/pi) (z + 0.044715 z^3))) / 2, z = x + bias."""
    return kernels.gelu_tanh(x, bias), lambda d: kernels.gelu_tanh_backward(d, x, bias)


@operation(_rule)
def quick_gelu(x, bias=None):
    """z sigmoid(1.702 z), z = x + bias."""
    y = kernels.quick_gelu(x, bias)
    return y, lambda d: kernels.quick_gelu_backward(d, x, bias)


@operation(_rule)
def silu(x, bias=None):
    """z sigmoid(z), also called swish, z = x + bias."""
    return kernels.silu(x, bias), lambda d: kernels.silu_backward(d, x, bias)


@operation(_rule)
def relu(x, bias=None):
    """max(z, 0), z = x + bias; derivative 0 at 0."""
    return kernels.relu(x, bias), lambda d: kernels.relu_backward(d, x, bias)
