"""An oracle's answers beside ours: to PyTorch, through it, back, and how far apart.

PyTorch is never imported with this module: what needs it takes it as its first
argument, and `pytorch` fetches it where someone asks for it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import Any

import numpy as np

from minicvt.errors import MissingPackage
from minicvt.kernels.types import Array
from minicvt.tensor import Tensor

Answers = dict[str, Array]


def pytorch() -> Any:
    """Import PyTorch; raises ``MissingPackage`` where there is none."""
    try:
        return import_module("torch")
    except ImportError as error:
        raise MissingPackage(
            "this needs PyTorch as the oracle: pip install torch"
        ) from error


def relative_error(ours: Any, theirs: Any, floor: float = 0.0) -> float:
    """Return max|ours - theirs| / max|theirs|, infinite where one is not finite.

    ``floor`` stands in for a smaller max|theirs|: a gradient that is zero whatever
    the values has nothing to be relative to.
    """
    ours, theirs = np.asarray(ours), np.asarray(theirs)
    assert ours.shape == theirs.shape, f"shape {ours.shape}, expected {theirs.shape}"
    if not np.isfinite(ours).all() or not np.isfinite(theirs).all():
        return float("inf")
    apart = np.abs(ours - theirs).max(initial=0)
    scale = max(float(np.abs(theirs).max(initial=0)), floor)
    return float(apart / scale) if apart else 0.0


def to_torch(torch: Any, array: Any, requires_grad: bool = False) -> Any:
    """Copy an array to PyTorch, with its dtype."""
    return torch.tensor(np.array(array, order="C"), requires_grad=requires_grad)


def nchw(torch: Any, x: Any) -> Any:
    """Channels from last to second: our maps as PyTorch wants them.

    Copied: of a map of one channel that is only turned, PyTorch 2.13 computes some
    float32 convolutions wrong, by as much as they are large.
    """
    return x.permute(0, 3, 1, 2).clone(memory_format=torch.contiguous_format)


def nhwc(x: Any) -> Any:
    """Channels from second to last: PyTorch's maps as ours."""
    return x.permute(0, 2, 3, 1)


def our_answers(
    function: Callable[..., Any],
    inputs: Sequence[Array | None],
    options: Mapping[str, Any],
    cotangent: Callable[[tuple[int, ...]], Array],
) -> Answers:
    """Run ``function`` forward and backward: outputs, and each input's gradient.

    Arrays go in as they lie in memory, strides and all. ``cotangent`` makes one of
    the shape of the output.
    """
    leaves = [None if x is None else Tensor.wrap(x.view()) for x in inputs]
    for leaf in leaves:
        if leaf is not None:
            leaf.requires_grad = True
    outputs = function(*leaves, **options)
    output, *extras = outputs if isinstance(outputs, tuple) else (outputs,)
    output.backward(cotangent(output.shape))
    gradients = [None if leaf is None else leaf.grad for leaf in leaves]
    return _named([output.numpy(), *extras], gradients)


def torch_answers(
    torch: Any,
    function: Callable[..., Any],
    inputs: Sequence[Array | None],
    options: Mapping[str, Any],
    cotangent: Callable[[tuple[int, ...]], Array],
) -> Answers:
    """Return the same of a function of torch Tensors."""
    leaves = [None if x is None else to_torch(torch, x, True) for x in inputs]
    outputs = function(*leaves, **options)
    output, *extras = outputs if isinstance(outputs, tuple) else (outputs,)
    output.backward(to_torch(torch, cotangent(tuple(output.shape))))
    gradients = [None if leaf is None else leaf.grad.numpy() for leaf in leaves]
    return _named([x.detach().numpy() for x in (output, *extras)], gradients)


def _named(outputs: list[Array], gradients: list[Array | None]) -> Answers:
    answers = {f"output {i}": value for i, value in enumerate(outputs)}
    for i, gradient in enumerate(gradients):
        if gradient is not None:
            answers[f"gradient {i}"] = gradient
    return answers
