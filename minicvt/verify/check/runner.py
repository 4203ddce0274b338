"""How anyone's model is loaded and run: by the functions of its file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from minicvt.errors import ForeignCodeError
from minicvt.kernels.types import Array
from minicvt.verify.check.contract import Mine
from minicvt.verify.check.fitting import arrays, official_as
from minicvt.verify.check.official import OFFICIAL
from minicvt.verify.microscope.gradients import IMAGES
from minicvt.verify.microscope.names import Names
from minicvt.verify.microscope.recording import ANSWER, Recording


class Runner:
    """Anyone's model: all that is done with it, the file's functions do."""

    def __init__(self, mine: Mine, model: Any) -> None:
        self.mine, self.model = mine, model

    def state(self) -> dict[str, Array] | None:
        """Return its tensors by name; None where nobody tells."""
        if self.mine.function("state") is None:
            return None
        found = self.mine.call("state", self.model)
        return arrays(self._table("state", found))

    def load(self) -> None:
        """Give it the official weights, by the file's ``load`` or by their names."""
        if self.mine.function("load") is not None:
            copies = {name: array.copy() for name, array in OFFICIAL.state.items()}
            self.mine.call("load", self.model, copies)
            return
        state = self.state()
        weights = {} if state is None else official_as(state)
        if not weights:
            raise ForeignCodeError(
                f"{self.mine.path.name}: needs load(model, state): no names of tensors "
                "that we know tell where the official weights go"
            )
        with self.mine.running("loading the official weights"):
            self.put(weights)

    def put(self, weights: Mapping[str, Array]) -> None:
        """Write weights that have the model's own names."""
        raise ForeignCodeError(f"{self.mine.path.name}: needs load(model, state)")

    def record(self) -> Recording:
        """Run it, forward and backward, as far as the file has functions for it."""
        if self.mine.function("run") is None:
            raise ForeignCodeError(f"{self.mine.path.name}: needs run(model, images)")
        points = {}
        if self.mine.function("activations") is not None:
            found = self.mine.call("activations", self.model, OFFICIAL.images)
            points = arrays(self._table("activations", found))
        logits = self.mine.call("run", self.model, OFFICIAL.images)
        return self.with_gradients(Recording(points | arrays({ANSWER: logits})))

    def with_gradients(self, made: Recording) -> Recording:
        """Take the gradients of the file's own function, if it has one."""
        made = replace(made, cotangent=OFFICIAL.cotangent)
        if self.mine.function("gradients") is None:
            return made
        inputs = (self.model, OFFICIAL.images, OFFICIAL.cotangent)
        found = arrays(self._table("gradients", self.mine.call("gradients", *inputs)))
        images = found.pop(IMAGES, None)
        names = Names.of(found, "cvt")
        if found and names.layout is None:
            raise ForeignCodeError(
                f"{self.mine.path.name}: gradients have names of no layout that we know"
            )
        ours = names.to_ours(found)
        if images is not None:
            ours[IMAGES] = nhwc_array(images)
        return replace(made, gradients=ours)

    def _table(self, function: str, found: Any) -> Mapping[str, Any]:
        if not isinstance(found, Mapping):
            raise ForeignCodeError(
                f"{self.mine.path.name}: {function} should return a dict, got "
                f"{type(found).__name__}"
            )
        return found


def nhwc_array(images: Array) -> Array:
    """Turn ``(B, C, H, W)`` to ``(B, H, W, C)``."""
    return np.moveaxis(images, 1, -1) if images.ndim == 4 else images
