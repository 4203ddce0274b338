"""Cross-entropy, for class labels and for soft targets."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from minicvt.errors import DtypeError, OptionError, ShapeError
from minicvt.ops.operation import operation
from minicvt.ops.spec import Shape, Spec, arrays
from minicvt.tensor import Tensor


def _mean_rule(logits: Shape, *, targets: Any) -> Spec:
    if len(logits) != 2 or targets.shape != logits:
        raise ShapeError(f"logits {logits} (B, K) do not fit targets {targets.shape}")
    if 0 in logits:
        raise ShapeError(f"nothing to average over in logits {logits}")
    exp, norm = logits, (logits[0], 1)
    return Spec((), {"softmax": prod(logits)}, keeps=(exp, norm, *arrays(targets)))


@operation(_mean_rule)
def soft_cross_entropy(logits, *, targets):
    """-mean_b sum_k t[b,k] log softmax(logits)[b,k]; d = (p sum(t) - t) / B."""
    shifted = logits - logits.max(axis=1, keepdims=True)
    exp = np.exp(shifted)
    norm = exp.sum(axis=1, keepdims=True)
    losses = (targets * (np.log(norm) - shifted)).sum(axis=1)
    batch = logits.dtype.type(len(logits))

    def pullback(d):
        mass = targets.sum(axis=1, keepdims=True)
        return (d * (exp / norm * mass - targets) / batch,)

    return losses.mean(), pullback


def cross_entropy(
    logits: Tensor, targets: Any, *, label_smoothing: float = 0.0
) -> Tensor:
    """Mean cross-entropy of ``logits`` ``(B, K)``.

    ``targets`` are class numbers ``(B,)`` or probabilities ``(B, K)``. Smoothing e
    mixes them with the uniform: t <- (1 - e) t + e / K, as in PyTorch. Raises
    ``OptionError`` for labels outside 0..K-1 or e outside [0, 1].
    """
    if not 0 <= label_smoothing <= 1:
        raise OptionError(f"label_smoothing must be in [0, 1], got {label_smoothing}")
    if logits.ndim != 2:
        raise ShapeError(f"cross_entropy: logits must be (B, K), got {logits.shape}")
    soft = soft_targets(targets, logits.shape[1], logits.dtype)
    smooth = (1 - label_smoothing) * soft + label_smoothing / logits.shape[1]
    return soft_cross_entropy(logits, targets=smooth.astype(logits.dtype))


def soft_targets(targets: Any, classes: int, dtype: Any) -> Any:
    """Class numbers as one-hot rows ``(B, K)``; probabilities pass through."""
    targets = np.asarray(targets)
    if np.issubdtype(targets.dtype, np.floating):
        return targets.astype(dtype)
    if targets.ndim != 1 or not np.issubdtype(targets.dtype, np.integer):
        raise DtypeError(
            f"cross_entropy: labels must be integers (B,), got {targets.dtype} "
            f"{targets.shape}"
        )
    if targets.size and not 0 <= targets.min() <= targets.max() < classes:
        raise OptionError(
            f"cross_entropy: labels must be in 0..{classes - 1}, got "
            f"{targets.min()}..{targets.max()}"
        )
    return np.eye(classes, dtype=dtype)[targets]
