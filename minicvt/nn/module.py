"""Parameters, and modules that own them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

import numpy as np

from minicvt import observe
from minicvt.errors import DtypeError, ShapeError
from minicvt.nn.state import check_state
from minicvt.tensor import Tensor


class Parameter(Tensor):
    """A leaf that is trained, or frozen. ``assign`` is the only way to write to it."""

    __slots__ = ()

    def __init__(self, values: Any, requires_grad: bool = True) -> None:
        super().__init__(values, requires_grad)

    def assign(self, values: Any, copy: bool = True) -> None:
        """Hold a copy of ``values`` from now on; tapes that used the old will know.

        Without ``copy`` the array itself is held, where its order allows, and becomes
        read-only. The old one stays as it was, for whoever has it (a view,
        ``detach()``). Raises ``ShapeError`` or ``DtypeError`` unless both are the same
        as before.
        """
        array = np.array(values, order="C", copy=copy or None)
        if array.shape != self.shape:
            raise ShapeError(f"assign: expected {self.shape}, got {array.shape}")
        if array.dtype != self.dtype:
            raise DtypeError(f"assign: expected {self.dtype}, got {array.dtype}")
        array.flags.writeable = False
        self.hold(array)

    def hold(self, array: Any) -> None:
        """Hold a read-only array itself, of the same shape and dtype, as `assign`."""
        self.data = array
        self.version += 1


class Module:
    """A part of a model: parameters, buffers, other modules, and ``forward``.

    Whatever is assigned as an attribute is found by walking the attributes; names
    in ``buffers`` are state that is kept but not trained.
    """

    buffers: ClassVar[tuple[str, ...]] = ()
    training = True
    _name = ""

    def __setattr__(self, name: str, value: Any) -> None:
        if isinstance(value, Module):
            value._rename(name)
        object.__setattr__(self, name, value)

    def _rename(self, name: str) -> None:
        self._name = name

    def __call__(self, *inputs: Any) -> Any:
        """Run ``forward`` under this module's name, and tell the observers."""
        with observe.entered(self._name):
            output = self.forward(*inputs)
            if observe.observed():
                path = observe.current_path()
                observe.emit(observe.ModuleEvent(path, self, inputs, output))
        return output

    def forward(self, *inputs: Any) -> Any:
        """Compute the output; subclasses say how."""
        raise NotImplementedError(f"{type(self).__name__} has no forward")

    def children(self) -> Iterator[tuple[str, Module]]:
        """Modules directly inside, with their names."""
        for name, value in vars(self).items():
            if isinstance(value, Module):
                yield name, value

    def named_modules(self, path: str = "") -> Iterator[tuple[str, Module]]:
        """This module and all inside, with dotted paths."""
        yield path, self
        for name, child in self.children():
            yield from child.named_modules(f"{path}.{name}" if path else name)

    def named_parameters(self) -> Iterator[tuple[str, Parameter]]:
        """All parameters, with dotted names."""
        for path, module in self.named_modules():
            for name, value in vars(module).items():
                if isinstance(value, Parameter):
                    yield f"{path}.{name}" if path else name, value

    def named_buffers(self) -> Iterator[tuple[str, Any]]:
        """All buffers (arrays that are state but not trained), with dotted names."""
        for path, module in self.named_modules():
            for name in module.buffers:
                yield f"{path}.{name}" if path else name, getattr(module, name)

    def generators(self) -> dict[str, np.random.Generator]:
        """Return the generators of layers that draw masks, by path, for checkpoints."""
        return {
            path: module.generator
            for path, module in self.named_modules()
            if hasattr(module, "generator")
        }

    @property
    def dtype(self) -> np.dtype[Any]:
        """Dtype of the parameters; every part of a model shares one."""
        return next(parameter.dtype for _, parameter in self.named_parameters())

    def count_parameters(self, trainable: bool = False) -> int:
        """Numbers inside, but buffers; ``trainable`` leaves out what is frozen."""
        found = (parameter for _, parameter in self.named_parameters())
        return sum(p.size for p in found if p.requires_grad or not trainable)

    def train(self, mode: bool = True) -> Module:
        """Use batch statistics, dropout and drop path (``mode``), or not."""
        for _, module in self.named_modules():
            module.training = mode
        return self

    def eval(self) -> Module:
        """Evaluation mode: stored statistics, nothing dropped."""
        return self.train(False)

    def zero_grad(self) -> None:
        """Forget all gradients."""
        for _, parameter in self.named_parameters():
            parameter.grad = None

    def state_dict(self) -> dict[str, Any]:
        """Copies of all parameters and buffers, by name."""
        tensors = {name: p.numpy() for name, p in self.named_parameters()}
        return {
            k: np.array(v) for k, v in (tensors | dict(self.named_buffers())).items()
        }

    def load_state_dict(
        self, state: dict[str, Any], strict: bool = True, copy: bool = True
    ) -> None:
        """Write ``state`` into parameters and buffers, cast to the model's dtype.

        Without ``copy`` parameters hold the arrays of ``state`` that fit as they are.
        Raises ``CheckpointError`` listing missing, unexpected and mis-shaped names
        before anything is written; ``strict=False`` forgives the first two.
        """
        own = dict(self.named_parameters()) | dict(self.named_buffers())
        check_state({k: v.shape for k, v in own.items()}, state, strict)
        for name, parameter in self.named_parameters():
            if name in state:
                parameter.assign(np.asarray(state[name], parameter.dtype), copy)
        for path, module in self.named_modules():
            for name in module.buffers:
                key = f"{path}.{name}" if path else name
                if key in state:
                    kept = getattr(module, name)
                    setattr(module, name, np.array(state[key], kept.dtype))

    def describe(self) -> str:
        """One line about this module alone, for the tree."""
        shapes = [
            f"{name} {value.shape}"
            for name, value in vars(self).items()
            if isinstance(value, Parameter)
        ]
        return f"{type(self).__name__}({', '.join(shapes)})"

    def __repr__(self) -> str:
        return "\n".join(_tree(self, "", ""))


class ModuleList(Module):
    """Modules in order, named 0, 1, 2, ...; called one by one, not itself."""

    def __init__(self, modules: list[Any]) -> None:
        for index, module in enumerate(modules):
            setattr(self, str(index), module)

    def _rename(self, name: str) -> None:
        self._name = name
        for index, module in self.children():
            module._rename(f"{name}.{index}")

    def __iter__(self) -> Iterator[Any]:
        return (module for _, module in self.children())

    def __len__(self) -> int:
        return len(list(self.children()))

    def __getitem__(self, index: int) -> Any:
        return list(self)[index]


def _tree(module: Module, name: str, indent: str) -> Iterator[str]:
    label = f"{name}: " if name else ""
    yield f"{indent}{label}{module.describe()}  {module.count_parameters():,}"
    for child_name, child in module.children():
        yield from _tree(child, child_name, indent + "  ")
