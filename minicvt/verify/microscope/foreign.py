"""PyTorch's models: their results and gradients, under our names.

PyTorch is never imported with this module: hooks are methods of the model that is
handed in, and `pytorch` fetches the rest when there is such a model.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from typing import Any

import numpy as np

from minicvt.kernels.types import Array
from minicvt.nn import BatchNorm2d, Conv2d, LayerNorm, Linear, Pointwise
from minicvt.verify.microscope.gradients import IMAGES, drawn
from minicvt.verify.microscope.names import Names
from minicvt.verify.microscope.parting import fit
from minicvt.verify.microscope.recording import ANSWER, Recording, record, unused
from minicvt.verify.microscope.twin import twin
from minicvt.verify.oracle import nchw, nhwc, pytorch, to_torch

Run = Callable[[Any, Any], Any]
LAYERS = (Linear, Pointwise, Conv2d, LayerNorm, BatchNorm2d)


def is_torch(model: Any) -> bool:
    """Whether this is a module of PyTorch's."""
    return hasattr(model, "register_forward_hook")


def record_torch(
    model: Any,
    ours: Any,
    x: Any,
    *,
    seed: int = 0,
    cotangent: Array | None = None,
    run: Run | None = None,
) -> Recording:
    """Run a copy of a PyTorch model on channels-last ``x``, and record it.

    The names of its tensors say which of its modules are which of ``ours``. Kept are
    results of single layers, as larger parts may be cut otherwise; not those of other
    tokens than ours, as a norm may see all of them or only what is read. Of a model
    whose names nobody knows the answer is kept, and the images' gradient. ``run`` calls
    it another way than ``model(images)``. The ``cotangent`` is drawn from ``seed``
    unless it is given.
    """
    torch, copy = pytorch(), deepcopy(model)
    tensors = {k: v.detach().numpy() for k, v in copy.state_dict().items()}
    names = Names.of(tensors, ours.config.paper)
    layers = {path for path, part in ours.named_modules() if type(part) in LAYERS}
    images = nchw(torch, to_torch(torch, x)).to(_dtype(copy)).requires_grad_()
    points: dict[str, Array] = {}
    hooks = list(_watch(copy, names, layers, points))
    try:
        answer = _tensor(run(copy, images) if run else copy(images))
    finally:
        for hook in hooks:
            hook.remove()
    there = record(twin(ours), x).points
    points = {path: a for path, a in points.items() if alike(a, there.get(path))}
    points[ANSWER] = answer.detach().numpy()
    if cotangent is None:
        cotangent = drawn(points[ANSWER], seed)
    found = _gradients(torch, copy, images, answer, cotangent)
    inside = names.to_ours({k: v for k, v in found.items() if k != IMAGES})
    return Recording(points, inside | {IMAGES: found[IMAGES]}, cotangent)


def alike(theirs: Array, ours: Array | None) -> bool:
    """Whether results can be compared: maps of any size, but only as many tokens."""
    return ours is not None and (ours.ndim == 4 or fit(theirs, ours.shape) is not None)


def _dtype(model: Any) -> Any:
    return next(p.dtype for p in model.parameters() if p.dtype.is_floating_point)


def _watch(
    model: Any, names: Names, layers: set[str], points: dict[str, Array]
) -> Iterator[Any]:
    """Hook every module that is a layer of ours, or several; yield the hooks."""
    for path, module in model.named_modules():
        ours = names.modules.get(path, ())
        if ours and layers.issuperset(ours):
            yield module.register_forward_hook(_keeper(ours, points))


def _keeper(ours: tuple[str, ...], points: dict[str, Array]) -> Callable[..., None]:
    """Return a hook that keeps a result, cut by channels if several modules are one."""

    def keep(module: Any, inputs: Any, output: Any) -> None:
        tensor = _tensor(output)
        if tensor is None:
            return
        last = nhwc(tensor) if tensor.ndim == 4 else tensor
        parts = np.split(last.detach().numpy().copy(), len(ours), axis=-1)
        for path, part in zip(ours, parts, strict=True):
            points[unused(path, points)] = part

    return keep


def _tensor(output: Any) -> Any:
    """Return the tensor of what a module returned: the logits, the first, or itself."""
    if hasattr(output, "logits"):
        return output.logits
    if isinstance(output, Mapping):
        output = tuple(output.values())
    while isinstance(output, tuple | list) and output:
        output = output[0]
    return output if hasattr(output, "detach") else None


def _gradients(
    torch: Any, model: Any, images: Any, answer: Any, cotangent: Array
) -> dict[str, Array]:
    """Return the gradients of all parameters; zero where none arrives."""
    leaves = dict(model.named_parameters()) | {IMAGES: images}
    trained = {name: leaf for name, leaf in leaves.items() if leaf.requires_grad}
    found = torch.autograd.grad(
        answer, list(trained.values()), to_torch(torch, cotangent), allow_unused=True
    )
    arrived = dict(zip(trained, found, strict=True))
    made = {name: leaf.detach() * 0 for name, leaf in leaves.items()}
    made |= {name: g.detach() for name, g in arrived.items() if g is not None}
    made[IMAGES] = nhwc(made[IMAGES])
    return {name: gradient.numpy() for name, gradient in made.items()}
