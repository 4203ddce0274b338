"""Models that need fewer functions of their file: PyTorch's, and ours."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from minicvt.kernels.types import Array
from minicvt.nn import Module
from minicvt.verify.check.contract import Mine, told
from minicvt.verify.check.fitting import arrays
from minicvt.verify.check.official import OFFICIAL
from minicvt.verify.check.runner import Runner
from minicvt.verify.microscope.comparing import ours_recorded
from minicvt.verify.microscope.foreign import is_torch, record_torch
from minicvt.verify.microscope.recording import Recording
from minicvt.verify.oracle import pytorch, to_torch


class Ours(Runner):
    """A module of minicvt's, which tells everything itself."""

    def state(self) -> dict[str, Array] | None:
        """Return parameters and buffers."""
        found: dict[str, Array] = self.model.state_dict()
        return found

    def put(self, weights: Mapping[str, Array]) -> None:
        """Write what fits."""
        self.model.load_state_dict(dict(weights), strict=False)

    def record(self) -> Recording:
        """Observe it; or run it as the file says."""
        if self.mine.function("run") is not None:
            return super().record()
        with self.mine.running("the model"):
            made = ours_recorded(
                self.model.eval(), OFFICIAL.channels_last, OFFICIAL.cotangent
            )
        return self.with_gradients(made)


class Torch(Runner):
    """A module of PyTorch's: hooks and autograd tell, in float64 and evaluation."""

    def __init__(self, mine: Mine, model: Any) -> None:
        super().__init__(mine, model.double().eval())

    def state(self) -> dict[str, Array] | None:
        """Return parameters and buffers."""
        return arrays(self.model.state_dict())

    def put(self, weights: Mapping[str, Array]) -> None:
        """Write what fits."""
        torch = pytorch()
        tensors = {name: to_torch(torch, array) for name, array in weights.items()}
        self.model.load_state_dict(tensors, strict=False)

    def record(self) -> Recording:
        """Hook it; call it as the file says, with tensors."""
        with self.mine.running("the model"):
            made = record_torch(
                self.model,
                OFFICIAL.model(),
                OFFICIAL.channels_last,
                cotangent=OFFICIAL.cotangent,
                run=self.mine.function("run"),
            )
        return self.with_gradients(made)


def runner_of(mine: Mine) -> Runner:
    """Build the model, and see what kind it is."""
    model = mine.call("build", told(OFFICIAL.config))
    if is_torch(model):
        return Torch(mine, model)
    return Ours(mine, model) if isinstance(model, Module) else Runner(mine, model)
