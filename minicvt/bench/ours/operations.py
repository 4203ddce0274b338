"""One operation, forward or its pullback, as the models run it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from minicvt import ops
from minicvt.files import read_tensors
from minicvt.kernels.types import Array
from minicvt.node import Node, pull
from minicvt.tensor import Tensor, no_grad

Case = Mapping[str, Any]
Tensors = Mapping[str, Tensor]


def build(case: Case) -> tuple[Callable[[], object], dict[str, Any]]:
    """Return what is timed, with some of its numbers, which must equal a peer's."""
    tensors = _inputs(case)
    cotangent = tensors.pop("cotangent").data
    operation = OPERATIONS[case["operation"]]
    if case["wrt"]:
        made = operation(tensors, case)

        def body() -> list[Array]:
            return _cotangents(made, cotangent)
    else:

        def body() -> list[Array]:
            with no_grad():
                made = operation(tensors, case)
            return [t.data for t in (made if isinstance(made, tuple) else (made,))]

    told = np.concatenate([_some(array, case["sampled"]) for array in body()])
    versions = {name: version(name) for name in ("minicvt", "numpy", "numba")}
    return body, {"versions": versions, "answers": told.tolist()}


def _cotangents(made: Any, cotangent: Array) -> list[Array]:
    """Pull back what was made; a LayerNorm adds what has come to its sum elsewhere."""
    if isinstance(made, Tensor):
        return [part for _, part in pull(_node(made), cotangent)]
    of_sum, of_norm = cotangent
    ds, *others = [part for _, part in pull(_node(made[1]), of_norm, of_sum)]
    return [ds, ds, *others]


def _node(made: Tensor) -> Node:
    assert made.node is not None
    return made.node


def _some(array: Array, count: int) -> Array:
    """Return about so many of an array's numbers, evenly spread."""
    return array.reshape(-1)[:: max(1, array.size // count)]


def _inputs(case: Case) -> dict[str, Tensor]:
    """Read all inputs; those to differentiate by ask for it."""
    arrays, _ = read_tensors(Path(case["folder"]) / "data.safetensors")
    return {name: Tensor(a, name in case["wrt"]) for name, a in arrays.items()}


def depthwise(t: Tensors, case: Case) -> Any:
    """Convolve maps (B, H, W, C)."""
    stride = case["stride"]
    return ops.depthwise_conv2d(t["x"], t["weight"], stride=stride, padding=1)


def attention(t: Tensors, case: Case) -> Any:
    """Attend over heads, which are cut from (B, T, h, d) as the models do it."""
    heads = (t[name].transpose(0, 2, 1, 3) for name in "qkv")
    return ops.attend(*heads, scale=case["scale"])


def residual_norm(t: Tensors, case: Case) -> Any:
    """Add, and norm the sum, as a block does after its attention."""
    return ops.add_layer_norm(t["x"], t["branch"], t["weight"], t["bias"])


OPERATIONS: dict[str, Callable[[Tensors, Case], Any]] = {
    "depthwise": depthwise,
    "LayerNorm": lambda t, case: ops.layer_norm(t["x"], t["weight"], t["bias"]),
    "residual + LayerNorm": residual_norm,
    "softmax": lambda t, case: ops.softmax(t["x"]),
    "GELU": lambda t, case: ops.gelu(t["x"]),
    "bias + GELU": lambda t, case: ops.gelu(t["x"], t["bias"]),
    "attention": attention,
}
