"""Models that need fewer functions of their file: PyTorch's, and ours."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from minicvt.kernels.types import Array
from minicvt.nn import BatchNorm2d, Module
from minicvt.verify.check.contract import Mine, told
from minicvt.verify.check.official import OFFICIAL, Official
from minicvt.verify.check.runner import Runner
from minicvt.verify.microscope.comparing import ours_recorded
from minicvt.verify.microscope.foreign import is_torch, record_torch
from minicvt.verify.microscope.recording import Recording
from minicvt.verify.oracle import pytorch, to_torch


class Ours(Runner):
    """A module of minicvt's, which tells everything itself."""

    def __init__(self, mine: Mine, model: Any) -> None:
        super().__init__(mine, model.eval())

    def state(self) -> dict[str, Array] | None:
        """Return parameters and buffers."""
        found: dict[str, Array] = self.model.state_dict()
        return found

    def put(self, weights: Mapping[str, Array]) -> None:
        """Write what fits."""
        self.model.load_state_dict(dict(weights), strict=False)

    def train(self) -> bool:
        """Switch every BatchNorm; what drops stays in evaluation."""
        return super().train() or trained(self.model.named_modules(), BatchNorm2d)

    def once(self, official: Official) -> Any:
        """Call it as the file says, or with channels last."""
        if self.mine.function("run") is not None:
            return super().once(official)
        with self.mine.running("the model"):
            return self.model(official.channels_last)

    def record(self, official: Official) -> Recording:
        """Observe it; or run it as the file says."""
        if self.mine.function("run") is not None:
            return super().record(official)
        with self.mine.running("the model"):
            made = ours_recorded(self.model, official.channels_last, official.cotangent)
        return self.with_gradients(made, official)


class Torch(Runner):
    """A module of PyTorch's: hooks and autograd tell, in float64."""

    def __init__(self, mine: Mine, model: Any) -> None:
        super().__init__(mine, model.double().eval())

    def state(self) -> dict[str, Array] | None:
        """Return parameters and buffers."""
        found = self.model.state_dict().items()
        return {name: tensor.detach().numpy() for name, tensor in found}

    def put(self, weights: Mapping[str, Array]) -> None:
        """Write what fits."""
        torch = pytorch()
        tensors = {name: to_torch(torch, array) for name, array in weights.items()}
        self.model.load_state_dict(tensors, strict=False)

    def train(self) -> bool:
        """Switch every BatchNorm; what drops stays in evaluation."""
        norms = pytorch().nn.modules.batchnorm._BatchNorm
        return super().train() or trained(self.model.named_modules(), norms)

    def once(self, official: Official) -> Any:
        """Call it as the file says, with tensors."""
        images, run = to_torch(pytorch(), official.images), self.mine.function("run")
        with self.mine.running("the model"), pytorch().no_grad():
            return run(self.model, images) if run else self.model(images)

    def record(self, official: Official) -> Recording:
        """Hook it; call it as the file says, with tensors."""
        with self.mine.running("the model"):
            made = record_torch(
                self.model,
                official.model(),
                official.channels_last,
                cotangent=official.cotangent,
                run=self.mine.function("run"),
            )
        return self.with_gradients(made, official)


def trained(modules: Any, norms: type) -> bool:
    """Switch all modules of a kind to training; False if there are none."""
    found: list[Any] = [module for _, module in modules if isinstance(module, norms)]
    for module in found:
        module.train()
    return bool(found)


def runner_of(mine: Mine) -> Runner:
    """Build the model, and see what kind it is."""
    model = mine.call("build", told(OFFICIAL.config))
    if model is None:
        raise mine.error("build(config) returned no model")
    if is_torch(model):
        return Torch(mine, model)
    return Ours(mine, model) if isinstance(model, Module) else Runner(mine, model)
