"""Optimisers: AdamW, and SGD with momentum."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from typing import ClassVar

import numpy as np

from minicvt import kernels
from minicvt.errors import CheckpointError
from minicvt.kernels.types import Array
from minicvt.nn import Parameter
from minicvt.train.bundles import Bundle, bundled

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
        self._bundles = bundled(self.parameters, self.weight_decay, self.slots)

    def step(self, lr: float | None = None) -> None:
        """Write new values to every parameter that has a gradient."""
        lr = self.lr if lr is None else lr
        for bundle in self._bundles:
            for part in self._in_step(bundle):
                for name in part.parameters:
                    self.steps[name] += 1
                part.replace(self._updated(part, self.steps[name], lr))

    def _in_step(self, bundle: Bundle) -> list[Bundle]:
        """Return the bundle, or those of it that have a gradient one by one.

        What follows from the number of a step must be the same for all of a bundle.
        """
        names = [name for name, p in bundle.parameters.items() if p.grad is not None]
        alike = len({self.steps[name] for name in names}) == 1
        if alike and len(names) == len(bundle.parameters):
            return [bundle]
        return [bundle.single(name) for name in names]

    @abstractmethod
    def _updated(self, bundle: Bundle, step: int, lr: float) -> Array:
        """Advance the kept arrays of a bundle and return its new values."""

    @property
    def state(self) -> dict[str, dict[str, Array]]:
        """The kept arrays by slot and parameter: views, to be read and written."""
        return {
            slot: {
                k: v for bundle in self._bundles for k, v in bundle.views(slot).items()
            }
            for slot in self.slots
        }

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
            for name, array in kept.items():
                array[...] = state[f"{slot}.{name}"]
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

    def _updated(self, bundle: Bundle, step: int, lr: float) -> Array:
        b1, b2 = self.betas
        return kernels.adamw(
            bundle.values(),
            bundle.gradients(),
            bundle.state["mean"],
            bundle.state["square"],
            self.betas,
            self.eps,
            1 - lr * bundle.decay,
            lr / (1 - b1**step),
            (1 - b2**step) ** 0.5,
        )


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

    def _updated(self, bundle: Bundle, step: int, lr: float) -> Array:
        values, velocity = bundle.values(), bundle.state["velocity"]
        gradient = bundle.gradients() + bundle.decay * values
        velocity *= self.momentum  # zero before the first step
        velocity += gradient
        ahead = gradient + self.momentum * velocity
        return values - lr * (ahead if self.nesterov else velocity)
