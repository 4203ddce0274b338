"""How anyone's model is loaded and run: by the functions of its file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from minicvt.kernels.types import Array
from minicvt.verify.check.contract import Mine
from minicvt.verify.check.fitting import official_as
from minicvt.verify.check.official import OFFICIAL, Official
from minicvt.verify.microscope.gradients import IMAGES
from minicvt.verify.microscope.names import Names
from minicvt.verify.microscope.recording import ANSWER, Recording, module_path


class Runner:
    """Anyone's model: all that is done with it, the file's functions do."""

    def __init__(self, mine: Mine, model: Any) -> None:
        self.mine, self.model = mine, model

    def state(self) -> dict[str, Array] | None:
        """Return its tensors by name; None where nobody tells."""
        if self.mine.function("state") is None:
            return None
        return dict(self.mine.told("state", self.model))

    def load(self) -> None:
        """Give it the official weights, by the file's ``load`` or by their names."""
        if self.mine.function("load") is not None:
            copies = {name: array.copy() for name, array in OFFICIAL.state.items()}
            self.mine.call("load", self.model, copies)
            return
        state = self.state()
        weights = {} if state is None else official_as(state)
        if not weights:
            raise self.mine.error(
                "needs load(model, state): no names of tensors that we know tell where "
                "the official weights go"
            )
        with self.mine.running("loading the official weights"):
            self.put(weights)

    def put(self, weights: Mapping[str, Array]) -> None:
        """Write weights that have the model's own names."""
        raise self.mine.error("needs load(model, state)")

    def train(self) -> bool:
        """Switch BatchNorm to training; False where nobody tells how."""
        if self.mine.function("train") is None:
            return False
        self.mine.call("train", self.model)
        return True

    def once(self, official: Official) -> Any:
        """Run it forward; return the logits."""
        if self.mine.function("run") is None:
            raise self.mine.error("needs run(model, images)")
        return self.mine.call("run", self.model, official.images)

    def record(self, official: Official) -> Recording:
        """Run it, forward and backward, as far as the file has functions for it."""
        points = self._activations(official)
        logits = self.mine.array("run", self.once(official))
        made = Recording(points | {ANSWER: logits})
        return self.with_gradients(made, official)

    def _activations(self, official: Official) -> dict[str, Array]:
        if self.mine.function("activations") is None:
            return {}
        found = dict(self.mine.told("activations", self.model, official.images))
        paths = dict(official.model().named_modules())
        unknown = [point for point in found if module_path(point) not in paths]
        if unknown:
            raise self.mine.error(f"our model has no part called {unknown[0]!r}")
        return found

    def with_gradients(self, made: Recording, official: Official) -> Recording:
        """Take the gradients of the file's own function, if it has one."""
        made = replace(made, cotangent=official.cotangent)
        if self.mine.function("gradients") is None:
            return made
        inputs = (self.model, official.images, official.cotangent)
        found = dict(self.mine.told("gradients", *inputs))
        images = found.pop(IMAGES, None)
        ours = self._named(found) if found else {}
        if images is not None:
            ours[IMAGES] = nhwc_array(images)
        return replace(made, gradients=ours)

    def _named(self, gradients: Mapping[str, Array]) -> dict[str, Array]:
        """Find our names for gradients; raise for one that is of nothing."""
        names = Names.of(gradients, "cvt")
        if names.layout is None:
            raise self.mine.error("gradients have names of no layout that we know")
        return names.to_ours(gradients)

    def statistics(self, official: Official) -> dict[str, Array]:
        """Run it once in training; return what BatchNorm then remembers, if told."""
        self.load()
        self.train()
        self.once(official)
        state = self.state() or {}
        names = Names.of(state, "cvt")
        found = names.to_ours(state) if names.layout is not None else {}
        return {name: found[name] for name in official.statistics if name in found}


def nhwc_array(images: Array) -> Array:
    """Turn ``(B, C, H, W)`` to ``(B, H, W, C)``."""
    return np.moveaxis(images, 1, -1) if images.ndim == 4 else images
