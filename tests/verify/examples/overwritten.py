"""A right forward, and a walk back that overwrites where two gradients meet.

Every operation by itself is right, and so is one residual alone.
"""

import numpy as np
from ours import build

from minicvt import Tensor, from_nchw, to_nchw
from minicvt.node import pull, tape_order

__all__ = ["build", "gradients"]


def gradients(model, images, cotangent):
    x = Tensor(np.asarray(from_nchw(images), "float64"), requires_grad=True)
    answer = model(x)
    arrived = {id(answer): cotangent}
    for tensor in reversed(tape_order(answer)):
        if tensor.node is not None:
            for source, part in pull(tensor.node, arrived[id(tensor)]):
                arrived[id(source)] = part  # not +=
    found = {name: arrived[id(p)] for name, p in model.named_parameters()}
    return found | {"images": to_nchw(arrived[id(x)])}
