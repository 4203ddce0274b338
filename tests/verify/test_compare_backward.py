"""On the way back: engines that lose gradients, and pullbacks that are wrong.

The wrong ones are written here in their own way: walks over our tape, and in PyTorch
functions with a wrong backward, put into a right model of transformers.
"""

from __future__ import annotations

from types import MethodType

import numpy as np
import pytest
import torch
from torch.nn import functional

from minicvt.node import pull, tape_order
from minicvt.tensor import Tensor
from minicvt.verify import Recording, compare
from minicvt.verify.check import OFFICIAL
from minicvt.verify.check.contract import Mine
from minicvt.verify.check.runners import runner_of
from minicvt.verify.microscope.comparison import SAME
from minicvt.verify.microscope.difference import UNKNOWN
from minicvt.verify.microscope.gradients import IMAGES, gradients, run
from minicvt.verify.microscope.recording import record
from tests.verify.examples import FOLDER

OVERWRITES = "where a tensor is used twice, the last gradient overwrites"
KEEPS = "where a tensor is used twice, the first gradient stays"
BY_LEVEL = "tensors are walked before all their gradient is there, by level"


def right():
    return gradients(OFFICIAL.model(), OFFICIAL.channels_last, OFFICIAL.cotangent)


def compared(found):
    """Compare our model with right results and ``found`` gradients."""
    points = record(OFFICIAL.model(), OFFICIAL.channels_last).points
    made = Recording(points, found, OFFICIAL.cotangent)
    return compare(OFFICIAL.model(), made, OFFICIAL.channels_last)


def walked(join, order=None):
    """Walk back over our tape: ``join`` an old and a new gradient; run in ``order``."""
    ran = run(OFFICIAL.model(), OFFICIAL.channels_last)
    arrived = {id(ran.answer): OFFICIAL.cotangent}
    tensors = [t for t in reversed(tape_order(ran.answer)) if t.node is not None]
    for tensor in order(tensors) if order else tensors:
        for source, part in pull(tensor.node, arrived[id(tensor)]):
            there = id(source) in arrived
            arrived[id(source)] = join(arrived[id(source)], part) if there else part
    leaves = dict(ran.model.named_parameters()) | {IMAGES: ran.images}
    return {name: arrived[id(leaf)] for name, leaf in leaves.items()}


def by_level(tensors):
    """Order tensors as a breadth-first walk meets them."""
    level = [tensors[0]]
    met = {id(tensors[0])}
    while level:
        yield from level
        sources = [s for t in level for _, s in t.node.differentiable()]
        level = []
        for source in sources:
            if source.node is not None and id(source) not in met:
                met.add(id(source))
                level.append(source)


def test_a_walk_that_adds_is_right():
    made = compared(walked(lambda old, new: old + new))
    assert (made.cause, made.gradients) == (SAME, len(right()))


@pytest.mark.parametrize(
    ("cause", "join", "order"),
    [
        (OVERWRITES, lambda old, new: new, None),
        (KEEPS, lambda old, new: old, None),
        (BY_LEVEL, lambda old, new: old + new, by_level),
    ],
)
def test_what_engines_do_to_residuals_is_named(cause, join, order):
    """One residual alone is right in all of them: two in series are not."""
    made = compared(walked(join, order))
    assert (made.first.direction, made.cause) == ("backward", cause)
    assert made.explained
    assert len(made.wrong) > len(right()) / 2


def test_the_first_wrong_gradient_is_the_first_on_the_way_back():
    wrong = ["stage2.blocks.1.mlp.fc1.weight", "stage0.patch_embed.proj.bias"]
    found = right()
    made = compared(found | {name: 0.5 * found[name] for name in wrong})
    assert made.first.place.path == wrong[0]
    assert made.first.place.equation == "x = x + MLP(LN(x))"
    assert made.first.place.after == "stage2.blocks.1.mlp.fc2.bias"
    assert made.first.place.relative == pytest.approx(0.5)
    assert [step.path for step in made.wrong] == wrong


def test_a_gradient_of_another_shape_is_a_difference():
    name = "stage2.blocks.1.mlp.fc1.weight"
    found = right()
    made = compared(found | {name: found[name].T})
    assert made.first.place.path == name
    assert made.first.place.difference == np.inf
    assert made.causes == [UNKNOWN]


def test_a_scaled_loss_is_named_with_its_factor():
    made = compared({name: 2 * g for name, g in right().items()})
    assert made.cause == "every gradient is 2 times ours: a loss scaled otherwise"


def test_frozen_parameters_are_counted():
    found = right()
    for name in found:
        if name.startswith("stage0.") or name == IMAGES:
            found[name] = 0 * found[name]
    made = compared(found)
    assert made.cause.startswith("no gradient arrives at")
    assert made.explained


def test_gradients_that_are_zero_whatever_the_values_are_no_difference():
    """A key's bias has a gradient of rounding alone: nobody's is like another's."""
    found = right()
    for name in found:
        if name.endswith("proj_k.bias"):
            found[name] = np.random.default_rng(0).normal(0, 1e-16, found[name].shape)
    assert compared(found).agree


NOISE = np.random.default_rng(3)
UNLISTED = {
    "noise": lambda name, g: g + 1e-3 * NOISE.normal(size=g.shape),
    "clipped": lambda name, g: np.clip(g, -1e-3, 1e-3),
    "sign": lambda name, g: np.sign(g),
    "one stage is doubled": lambda name, g: g * (2 if "stage1" in name else 1),
    "turned": lambda name, g: g.T if g.ndim == 2 and g.shape[0] == g.shape[1] else g,
    "half precision": lambda name, g: g.astype("float16").astype("float64"),
}


SLOW = ("sign", "one stage is doubled", "half precision")


@pytest.mark.parametrize(
    "bug",
    [pytest.param(b, marks=[pytest.mark.slow] if b in SLOW else []) for b in UNLISTED],
)
def test_gradients_wrong_in_no_listed_way_are_unknown(bug):
    made = compared({name: UNLISTED[bug](name, g) for name, g in right().items()})
    assert made.causes == [UNKNOWN]


class NoWeight(torch.autograd.Function):
    """LayerNorm whose input's gradient forgets the weight."""

    @staticmethod
    def forward(ctx, x, weight, bias, eps):
        ctx.save_for_backward(x)
        ctx.eps = eps
        return functional.layer_norm(x, weight.shape, weight, bias, eps)

    @staticmethod
    def backward(ctx, d):
        (x,) = ctx.saved_tensors
        mean, var = x.mean(-1, keepdim=True), x.var(-1, keepdim=True, unbiased=False)
        scale = torch.rsqrt(var + ctx.eps)
        z = (x - mean) * scale
        rows = tuple(range(x.ndim - 1))
        means = d.mean(-1, keepdim=True), (d * z).mean(-1, keepdim=True)
        return (
            (d - means[0] - z * means[1]) * scale,
            (d * z).sum(rows),
            d.sum(rows),
            None,
        )


class TanhDerivative(torch.autograd.Function):
    """QuickGELU with the derivative of the tanh approximation of GELU."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * torch.sigmoid(1.702 * x)

    @staticmethod
    def backward(ctx, d):
        (x,) = ctx.saved_tensors
        with torch.enable_grad():
            leaf = x.detach().requires_grad_()
            y = functional.gelu(leaf, approximate="tanh")
        return torch.autograd.grad(y, leaf, d)


class MeanBias(torch.autograd.Function):
    """Linear whose bias gets the mean over rows."""

    @staticmethod
    def forward(ctx, x, weight, bias):
        ctx.save_for_backward(x, weight)
        return functional.linear(x, weight, bias)

    @staticmethod
    def backward(ctx, d):
        x, weight = ctx.saved_tensors
        flat, rows = d.reshape(-1, d.shape[-1]), x.reshape(-1, x.shape[-1])
        return d @ weight, flat.T @ rows, flat.mean(0)


def constant_statistics(norm, x):
    mean = x.mean(-1, keepdim=True).detach()
    var = x.var(-1, keepdim=True, unbiased=False).detach()
    return (x - mean) * torch.rsqrt(var + norm.eps) * norm.weight + norm.bias


def each(kind, forward):
    def change(model):
        for module in model.modules():
            if isinstance(module, kind):
                module.forward = MethodType(forward, module)

    return change


def named(name, forward):
    def change(model):
        for module in model.modules():
            if type(module).__name__ == name:
                module.forward = MethodType(forward, module)

    return change


TORCH = {
    "a norm's weight is forgotten": each(
        torch.nn.LayerNorm, lambda n, x: NoWeight.apply(x, n.weight, n.bias, n.eps)
    ),
    "a norm's statistics are constants": each(torch.nn.LayerNorm, constant_statistics),
    "the activation's derivative is that of gelu_tanh": named(
        "QuickGELU", lambda _, x: TanhDerivative.apply(x)
    ),
    "the activation's gate is a constant": named(
        "QuickGELU", lambda _, x: x * torch.sigmoid(1.702 * x).detach()
    ),
    "biases get the mean over rows": each(
        torch.nn.Linear, lambda m, x: MeanBias.apply(x, m.weight, m.bias)
    ),
}


@pytest.fixture(scope="module")
def theirs():
    """Return a function that builds a right model of theirs with the weights."""
    mine = Mine(FOLDER / "torch_right.py")

    def build():
        fresh = runner_of(mine)
        fresh.load()
        return fresh.model

    return build


@pytest.mark.parametrize("cause", TORCH)
def test_a_wrong_backward_in_pytorch_is_named(theirs, cause):
    model = theirs()
    TORCH[cause](model)
    made = compare(OFFICIAL.model(), model, OFFICIAL.channels_last)
    assert (made.first.direction, made.cause) == ("backward", cause), str(made)


def test_a_shortcut_that_is_detached_in_pytorch_is_named_with_its_place(theirs):
    model = theirs()

    def forward(layer, x, height, width):
        y = layer.attention(layer.layernorm_before(x), height, width) + x.detach()
        return layer.output(layer.intermediate(layer.layernorm_after(y)), y)

    named("CvtLayer", forward)(model)
    made = compare(OFFICIAL.model(), model, OFFICIAL.channels_last)
    expected = "the shortcut of residuals gets no gradient, in add 1 of stage.blocks"
    assert (made.cause, made.explained) == (expected, True)


def test_the_tape_is_walked_as_tensor_backward_does():
    """What the rules change is what the engine really runs."""
    ran = run(OFFICIAL.model(), OFFICIAL.channels_last)
    assert isinstance(ran.answer, Tensor)
    ran.answer.backward(OFFICIAL.cotangent)
    assert np.array_equal(ran.images.grad, right()[IMAGES])
