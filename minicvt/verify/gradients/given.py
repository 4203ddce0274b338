"""What a check is given: inputs in float64, and what they are called."""

from __future__ import annotations

from collections.abc import Callable
from inspect import Parameter, signature
from typing import Any

import numpy as np

from minicvt.errors import DtypeError
from minicvt.kernels.types import Array
from minicvt.tensor import Tensor


def as_float64(x: Any) -> Array:
    """Copy an input; raises ``DtypeError`` for what is not float64.

    Of float32, differences have three digits left: too few to tell right from wrong.
    """
    array = np.array(x.numpy() if isinstance(x, Tensor) else x)
    if array.dtype != np.float64:
        raise DtypeError(f"gradients are checked in float64, got {array.dtype}")
    return array


def input_names(f: Callable[..., Any], count: int) -> list[str]:
    """Read what a function calls its first inputs."""
    try:
        parameters = signature(f).parameters.values()
    except (TypeError, ValueError):  # a NumPy ufunc, a builtin
        parameters = ()  # type: ignore[assignment]
    plain = (Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD)
    named = [p.name for p in parameters if p.kind in plain][:count]
    return named + [f"input {i}" for i in range(len(named), count)]
