"""minicvt: the Convolutional vision Transformer from scratch, in NumPy and Numba.

::

    import minicvt as mc
    model = mc.models.build("cvt-c8w", seed=0)
    loss = mc.ops.cross_entropy(model(images), labels)
    loss.backward()

Read :mod:`minicvt.tensor` for how gradients work, :mod:`minicvt.models.cvt` for
the paper, :mod:`minicvt.kernels` for the loops under it all.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from minicvt import heap, kernels, models, nn, ops
from minicvt.blank import shapes_only
from minicvt.images import from_nchw, to_nchw
from minicvt.nn import predict
from minicvt.observe import observe
from minicvt.tensor import Tensor, no_grad

__version__ = "0.1.0"

heap.keep()

__all__ = [
    "Tensor",
    "accounting",
    "count",
    "data",
    "from_nchw",
    "inference",
    "interop",
    "interpret",
    "kernels",
    "lessons",
    "load",
    "models",
    "nn",
    "no_grad",
    "observe",
    "ops",
    "predict",
    "save",
    "shapes_only",
    "tape",
    "to_nchw",
    "train",
    "trained",
    "verify",
    "viz",
    "weights",
]

_LATER = {
    "count": "minicvt.accounting",
    "load": "minicvt.interop",
    "save": "minicvt.interop",
    "trained": "minicvt.weights",
    "tape": "minicvt.graph",
}
_ROOMS = (
    *("accounting", "data", "inference", "interop", "interpret"),
    *("lessons", "train", "verify", "viz", "weights"),
)


def __getattr__(name: str) -> Any:
    """Open the upper floors on first use, so that ``import minicvt`` stays quick."""
    if name in _ROOMS:
        return import_module(f"minicvt.{name}")
    if name in _LATER:
        return getattr(import_module(_LATER[name]), name)
    raise AttributeError(f"module 'minicvt' has no attribute {name!r}")
