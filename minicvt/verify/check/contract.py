"""What ``minicvt check`` asks of a file, and how it is run.

::

    def build(config):                         # -> a model; the only one required
    def load(model, state):                    # official names -> float64 arrays
    def run(model, images):                    # (B, 3, H, W) -> logits (B, K)
    def gradients(model, images, cotangent):   # -> {name: array}, "images" too
    def train(model):                          # from here on in training
    def state(model):                          # -> {name: array}
    def activations(model, images):            # -> {path in our model: array}

``config`` has dims, depths, heads, embed (kernel, stride, padding of each stage),
mlp_ratios, kv_stride, cls, num_classes, in_chans, activation, scale, qkv_bias and
norm_eps. ``gradients`` are those of <cotangent, logits>, by the names of the state.
In training BatchNorm uses the statistics of the batch; nothing is dropped.
A module of PyTorch or of minicvt needs ``build`` alone, if its tensors have the
official names, transformers' or vit-pytorch's: the rest is asked of it. PyTorch's
``run`` gets tensors, any other arrays, all float64. What runs is your file, as
``python`` would run it: check only code that you trust.
"""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from minicvt.errors import ForeignCodeError
from minicvt.kernels.types import Array
from minicvt.models.config import Config

TOLD = (
    "dims",
    "depths",
    "heads",
    "embed",
    "mlp_ratios",
    "kv_stride",
    "cls",
    "num_classes",
    "in_chans",
    "activation",
    "scale",
    "qkv_bias",
    "norm_eps",
)


class Mine:
    """Somebody's file: the functions of the contract that it has."""

    def __init__(self, path: Path) -> None:
        self.path = path
        with self.running("the file"):
            self.module = _executed(path)
        if not callable(self.function("build")):
            raise self.error("needs a function build(config)")

    @property
    def says(self) -> str:
        """First paragraph of the file's docstring."""
        text = (self.module.__doc__ or "").strip()
        return " ".join(text.split("\n\n")[0].split())

    def function(self, name: str) -> Callable[..., Any] | None:
        """Return one of its functions, None if it has not got it."""
        return getattr(self.module, name, None)

    def error(self, says: str) -> ForeignCodeError:
        """Make an error that names the file."""
        return ForeignCodeError(f"{self.path.name}: {says}")

    def told(self, name: str, *inputs: Any) -> Mapping[str, Array]:
        """Call one that answers a dictionary of arrays."""
        found = self.call(name, *inputs)
        if not isinstance(found, Mapping):
            kind = type(found).__name__
            raise self.error(f"{name} should return a dict, got {kind}")
        return {key: self.array(name, found[key], f"{key}: ") for key in found}

    def array(self, name: str, value: Any, of: str = "") -> Array:
        """See what a function of theirs returned as an array of real numbers."""
        plain = value.detach().cpu() if is_torch_tensor(value) else value
        kind = type(value).__name__
        with suppress(TypeError, ValueError):
            array = np.asarray(plain)
            if array.dtype.kind in "fiub":
                return array
            kind = kind if array.dtype.kind == "O" else str(array.dtype)
        raise self.error(f"{name} should return real numbers, got {of}{kind}")

    def call(self, name: str, *inputs: Any) -> Any:
        """Call one of its functions; what that raises is a ``ForeignCodeError``."""
        function = self.function(name)
        assert function is not None
        with self.running(name):
            return function(*inputs)

    @contextmanager
    def running(self, what: str) -> Iterator[None]:
        """Run code of theirs; say on one line what it raised, and where.

        It may import what lies beside it.
        """
        folder = str(self.path.parent)
        sys.path.insert(0, folder)
        try:
            yield
        except ForeignCodeError:
            raise
        except (Exception, SystemExit) as error:
            frames = traceback.extract_tb(error.__traceback__)
            theirs = [f.lineno for f in frames if f.filename == str(self.path)]
            line = f", line {theirs[-1]}" if theirs else ""
            said = (str(error).strip() or "nothing").splitlines()[0]
            raise ForeignCodeError(
                f"{self.path.name}{line}: {what} raised {type(error).__name__}: {said}"
            ) from error
        finally:
            with suppress(ValueError):  # they may have taken it away themselves
                sys.path.remove(folder)


def is_torch_tensor(value: Any) -> bool:
    """Whether this is a tensor of PyTorch's: ours have no ``requires_grad_``."""
    return hasattr(value, "requires_grad_")


def _executed(path: Path) -> ModuleType:
    """Run the file as a module."""
    spec = spec_from_file_location(f"checked_{path.stem}", path)
    if spec is None or spec.loader is None:
        raise ForeignCodeError(f"{path.name}: not a Python file")
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def told(config: Config) -> dict[str, Any]:
    """Say a configuration in plain values."""
    return {name: getattr(config, name) for name in TOLD}
