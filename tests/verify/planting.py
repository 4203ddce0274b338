"""Models with fresh weights, so that nothing that is planted in them can hide."""

from __future__ import annotations

from typing import Any

import numpy as np


def weighed(model: Any, seed: int) -> Any:
    """Give a model random weights: what is trained, and what BatchNorm remembers.

    Weights are normal with variance 1 / fan-in, biases and means with std 0.2; gains
    and variances are uniform in 0.5 to 1.5. Frozen tables stay what they are.
    """
    rng = np.random.default_rng(seed)
    drawn = {n for n, p in model.named_parameters() if p.requires_grad}
    drawn |= dict(model.named_buffers()).keys()
    state = model.state_dict()
    for name, value in state.items():
        if name not in drawn:
            continue
        if name.endswith(("pos_embed", "_token")):
            state[name] = rng.normal(0, 0.5, value.shape)
        elif value.ndim > 1:
            state[name] = rng.normal(0, value[0].size ** -0.5, value.shape)
        elif name.endswith(("bias", "running_mean")):
            state[name] = rng.normal(0, 0.2, value.shape)
        elif value.ndim:
            state[name] = rng.uniform(0.5, 1.5, value.shape)
    model.load_state_dict(state)
    return model
