"""Optimisers: AdamW, and SGD with momentum."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from typing import ClassVar

import numpy as np

from minicvt.errors import CheckpointError
from minicvt.kernels.types import Array
from minicvt.nn import Parameter

Decays = Callable[[str, Parameter], bool]


def decays_matrices(name: str, parameter: Parameter) -> bool:
    """Decay weights of matrices and convolutions, not biases, norms or scales."""
    return parameter.ndim > 1


class Optimizer(ABC):
    """What optimisers share: named parameters, arrays kept for each, and steps.

    A parameter without a gradient is left alone and its own step count stands
    still, as in PyTorch. State arrays have the dtype of their parameter.
    """

    slots: ClassVar[tuple[str, ...]]  # names of the arrays kept for each parameter

    def __init__(
        self,
        named_parameters: Iterable[tuple[str, Parameter]],
        lr: float,
        weight_decay: float,
        decays: Decays,
    ) -> None:
        self.parameters = dict(named_parameters)
        self.lr = lr
        self.weight_decay = {
            name: weight_decay if decays(name, parameter) else 0.0
            for name, parameter in self.parameters.items()
        }
        self.steps = dict.fromkeys(self.parameters, 0)
        self.state = {
            slot: {name: np.zeros_like(p.data) for name, p in self.parameters.items()}
            for slot in self.slots
        }

    def step(self, lr: float | None = None) -> None:
        """Write new values to every parameter that has a gradient."""
        lr = self.lr if lr is None else lr
        for name, parameter in self.parameters.items():
            if parameter.grad is not None:
                self.steps[name] += 1
                parameter.assign(self._updated(name, parameter, lr))

    @abstractmethod
    def _updated(self, name: str, parameter: Parameter, lr: float) -> Array:
        """Advance the kept arrays of ``name`` and return its new values."""

    def zero_grad(self) -> None:
        """Forget the gradients of all parameters."""
        for parameter in self.parameters.values():
            parameter.grad = None

    def state_dict(self) -> dict[str, Array]:
        """Return copies of the arrays as ``slot.parameter`` and of the step counts."""
        arrays = {
            f"{slot}.{name}": array.copy()
            for slot, kept in self.state.items()
            for name, array in kept.items()
        }
        counts = {f"step.{name}": np.array(n) for name, n in self.steps.items()}
        return arrays | counts

    def load_state_dict(self, state: Mapping[str, Array]) -> None:
        """Continue from ``state_dict()``; ``CheckpointError`` if it is another's."""
        own = {name: (a.dtype, a.shape) for name, a in self.state_dict().items()}
        given = {name: (a.dtype, a.shape) for name, a in state.items()}
        for name in own | given:
            if own.get(name) != given.get(name):
                raise CheckpointError(
                    f"{type(self).__name__} state, {name}: expected "
                    f"{_described(own.get(name))}, got {_described(given.get(name))}"
                )
        for slot, kept in self.state.items():
            for name in kept:
                kept[name] = state[f"{slot}.{name}"].copy()
        self.steps = {name: int(state[f"step.{name}"]) for name in self.steps}


def _described(entry: tuple[np.dtype, tuple[int, ...]] | None) -> str:
    return f"{entry[0]} {entry[1]}" if entry else "none"


class AdamW(Optimizer):
    """Adam with decoupled weight decay (Loshchilov & Hutter 2019, algorithm 2).

    With gradient g at a parameter's step t::

        m = b1 m + (1 - b1) g            mean
        v = b2 v + (1 - b2) g^2          mean square
        p = p - lr decay p - lr m / (1 - b1^t) / (sqrt(v / (1 - b2^t)) + eps)

    ``decays(name, parameter)`` says which parameters decay; by default those with
    more than one axis. The arithmetic is ``torch.optim.AdamW``'s.
    """

    slots = ("mean", "square")

    def __init__(
        self,
        named_parameters: Iterable[tuple[str, Parameter]],
        lr: float = 1e-3,
        *,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.01,
        decays: Decays = decays_matrices,
    ) -> None:
        super().__init__(named_parameters, lr, weight_decay, decays)
        self.betas = betas
        self.eps = eps

    def _updated(self, name: str, parameter: Parameter, lr: float) -> Array:
        gradient, t = parameter.grad, self.steps[name]
        mean, square = self.state["mean"][name], self.state["square"][name]
        b1, b2 = self.betas
        mean += (1 - b1) * (gradient - mean)
        square *= b2
        square += (1 - b2) * gradient * gradient
        scale = np.sqrt(square)
        scale /= (1 - b2**t) ** 0.5
        scale += self.eps
        kept = parameter.data * (1 - lr * self.weight_decay[name])
        return kept - lr / (1 - b1**t) * mean / scale


class SGD(Optimizer):
    """Gradient descent with momentum, as ``torch.optim.SGD``.

    With gradient g::

        g = g + decay p
        v = g at the first step, then momentum v + g
        p = p - lr v                     (nesterov: p - lr (g + momentum v))

    ``decays(name, parameter)`` says which parameters decay; by default those with
    more than one axis.
    """

    slots = ("velocity",)

    def __init__(
        self,
        named_parameters: Iterable[tuple[str, Parameter]],
        lr: float,
        *,
        momentum: float = 0.0,
        nesterov: bool = False,
        weight_decay: float = 0.0,
        decays: Decays = decays_matrices,
    ) -> None:
        super().__init__(named_parameters, lr, weight_decay, decays)
        self.momentum = momentum
        self.nesterov = nesterov

    def _updated(self, name: str, parameter: Parameter, lr: float) -> Array:
        gradient = parameter.grad + self.weight_decay[name] * parameter.data
        velocity = self.state["velocity"][name]
        velocity *= self.momentum  # zero before the first step
        velocity += gradient
        ahead = gradient + self.momentum * velocity
        return parameter.data - lr * (ahead if self.nesterov else velocity)
