"""Pullbacks that go wrong: the classical mistakes, one operation at a time.

Most are the right pullback of something else: of LayerNorm without its weight, of
GELU's approximation, of an attention whose probabilities are constants.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from minicvt import ops
from minicvt.kernels.types import Array
from minicvt.tensor import Tensor
from minicvt.verify.microscope.rules import Pulled

Change = Callable[[Pulled], Any]


def through(function: Callable[..., Any], inputs: Any, cotangent: Array) -> list[Any]:
    """Pull a cotangent back through another function, at ``inputs``."""
    leaves = [None if x is None else Tensor(x, requires_grad=True) for x in inputs]
    output = function(*leaves)
    (output[0] if isinstance(output, tuple) else output).backward(cotangent)
    return [None if leaf is None else leaf.grad for leaf in leaves]


def again(p: Pulled, **inputs: Array) -> list[Any]:
    """Pull back through the same operation at other inputs: ``_1=...`` for input 1."""
    return through(
        lambda *tensors: ops.OPERATIONS[p.name](*tensors, **p.options),
        placed(p.inputs, **inputs),
        p.cotangent,
    )


def placed(values: Any, **changes: Any) -> tuple[Any, ...]:
    """Replace some of ``values`` by position."""
    made = list(values)
    for position, value in changes.items():
        made[int(position[1:])] = value
    return tuple(made)


def times(position: int, factor: Callable[[Pulled], float]) -> Change:
    """Multiply the cotangent of one input, where it has one."""

    def change(p: Pulled) -> Any:
        if len(p.parts) <= position or p.parts[position] is None:
            return p.parts
        return placed(p.parts, **{f"_{position}": p.parts[position] * factor(p)})

    return change


def without_weight(p: Pulled) -> Any:
    """Leave a norm's weight out of the cotangent of its input."""
    return placed(p.parts, _0=again(p, _1=np.ones_like(p.inputs[1]))[0])


def constant_statistics(p: Pulled) -> Any:
    """Take mean and variance for constants."""
    x, weight, _ = p.inputs
    axes = -1 if p.name == "layer_norm" else tuple(range(x.ndim - 1))
    deviation = np.sqrt(x.var(axis=axes, keepdims=True) + p.options["eps"])
    return placed(p.parts, _0=p.cotangent * weight / deviation)


def constant_mean(p: Pulled) -> Any:
    """Take the mean alone for one: drop the mean of the cotangent."""
    x, weight, _ = p.inputs
    axes = -1 if p.name == "layer_norm" else tuple(range(x.ndim - 1))
    g = p.cotangent * weight
    deviation = np.sqrt(x.var(axis=axes, keepdims=True) + p.options["eps"])
    return placed(p.parts, _0=p.parts[0] + g.mean(axis=axes, keepdims=True) / deviation)


def curve_of(name: str) -> Change:
    """Differentiate another curve."""

    def curve(x: Tensor, bias: Tensor | None = None) -> Tensor:
        made: Tensor = ops.OPERATIONS[name](x if bias is None else x + bias)
        return made

    return lambda p: through(curve, p.inputs, p.cotangent)


def gate_constant(p: Pulled) -> Any:
    """Take the factor of x, Phi(x) or sigmoid(x), for a constant."""
    x, *biases = p.inputs
    x = sum((bias for bias in biases if bias is not None), x)
    constant = p.cotangent * p.output / np.where(x == 0, 1, x)
    return [constant for _ in p.inputs]


def probabilities(p: Pulled) -> Any:
    """softmax(scale q k^T + bias), as it was."""
    q, k, _, bias = p.inputs
    scores = p.options["scale"] * (q @ k.swapaxes(-1, -2))
    return ops.softmax(scores if bias is None else scores + bias).numpy()


def unscaled(p: Pulled) -> Any:
    """Forget the scale in the cotangents of q and k."""
    scale = p.options["scale"]
    return placed(p.parts, _0=p.parts[0] / scale, _1=p.parts[1] / scale)


def softmax_of(pulled: Callable[[Array, Array], Array]) -> Change:
    """Pull cotangents of probabilities back to scores otherwise."""

    def change(p: Pulled) -> Any:
        q, k, v, _ = p.inputs
        weights = probabilities(p)
        d = pulled(weights, p.cotangent @ v.swapaxes(-1, -2))
        scale = p.options["scale"]
        return placed(p.parts, _0=scale * d @ k, _1=scale * d.swapaxes(-1, -2) @ q)

    return change


def untransposed(p: Pulled) -> Any:
    """Use a square weight as it is where its transpose should be."""
    weight = p.inputs[1]
    if weight.shape[0] != weight.shape[1]:
        return p.parts
    return placed(p.parts, _0=p.cotangent @ weight.T)


def unflipped(p: Pulled) -> Any:
    """Correlate with the kernel on the way back as on the way there."""
    return placed(p.parts, _0=again(p, _1=p.inputs[1][:, :, ::-1, ::-1].copy())[0])
