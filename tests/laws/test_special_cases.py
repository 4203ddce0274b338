"""One part is another where its options say so: output and every gradient."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from minicvt import Tensor
from minicvt.grid import Grid
from minicvt.nn import Attention, Module
from tests.laws.parts import ROUNDING, made
from tests.nn.comparing import normal
from tests.oracle import relative_error

DIM, GRID = 6, Grid(5, 4, 1)


def attention(projection: str, **options: Any) -> Any:
    return made(Attention, DIM, 2, projection, **options)


def pulled(part: Module) -> dict[str, Any]:
    """Return the output, and the gradients of a random cotangent."""
    part.zero_grad()
    x = Tensor(normal(2, GRID.tokens, DIM), requires_grad=True)
    output = part(x, GRID)
    output.backward(normal(*output.shape, seed=1))
    gradients = {name: p.grad for name, p in part.named_parameters()}
    return {"output": output.numpy(), "input": x.grad} | gradients


def check_one(ours: dict[str, Any], theirs: dict[str, Any]) -> None:
    largest = max(np.abs(value).max() for value in theirs.values())
    for name, value in theirs.items():
        floor = 1e-3 * largest  # a key's bias has no gradient to be relative to
        assert relative_error(ours[name], value, floor) <= ROUNDING, name


@pytest.mark.parametrize("reduction", ["sr", "dw_sr"])
def test_a_reduction_by_1_is_attention_as_it_was(reduction: str) -> None:
    """SRA with R = 1 is MSA: the same parameters, neither convolution nor norm."""
    ours, theirs = attention(reduction, kv_stride=1), attention("linear")
    assert {*dict(ours.named_parameters())} == {*dict(theirs.named_parameters())}
    check_one(pulled(ours), pulled(theirs))


def test_a_kernel_of_one_1_and_no_batch_norm_is_the_linear_projection() -> None:
    """BN(D(delta) x) = x where gamma = sigma = 1 and beta = mean = 0, at stride 1."""
    ours, theirs = attention("dw_bn", kv_stride=1), attention("linear")
    for name in "qkv":
        source = getattr(ours, f"conv_proj_{name}")
        delta = np.zeros((DIM, 1, 3, 3))
        delta[:, :, 1, 1] = 1
        source.conv.weight.assign(delta)
        source.bn.weight.assign(np.ones(DIM))
        source.bn.bias.assign(np.zeros(DIM))
        source.bn.running_mean = np.zeros(DIM)
        source.bn.running_var = np.full(DIM, 1 - source.bn.eps)
        for kind in ("weight", "bias"):
            value = getattr(getattr(theirs, f"proj_{name}"), kind).numpy()
            getattr(getattr(ours, f"proj_{name}"), kind).assign(value)
    ours.proj.load_state_dict(theirs.proj.state_dict())
    check_one(pulled(ours), pulled(theirs))


def test_at_stride_2_it_is_not_and_neither_is_a_smoothing_kernel() -> None:
    """Then keys are fewer, or means of their neighbours."""
    few, smooth = attention("dw_bn", kv_stride=2), attention("dw_bn", kv_stride=1)
    expected = pulled(attention("linear"))["output"]
    for other in (few, smooth):
        assert relative_error(pulled(other)["output"], expected) > 1e-2


@pytest.mark.parametrize("projection", ["dw_bn", "linear"])
def test_the_two_scales_are_one_for_a_single_head(projection: str) -> None:
    """dim^-0.5 = head_dim^-0.5 iff there is one head."""
    for heads, same in ((1, True), (2, False)):
        dim, head_dim = (
            pulled(made(Attention, DIM, heads, projection, scale=scale))["output"]
            for scale in ("dim", "head_dim")
        )
        assert (relative_error(dim, head_dim) <= ROUNDING) == same


@pytest.mark.parametrize(("shared", "names"), [("kv", "kv"), ("qkv", "qkv")])
def test_one_shared_convolution_is_several_with_one_weight(
    shared: str, names: str
) -> None:
    """f(w, w) has the gradient df/dw_1 + df/dw_2; a stride takes every second place."""
    ours, theirs = attention("dw_bn", shared=shared), attention("dw_bn")
    state = dict(theirs.state_dict()) | {
        key.replace(f"conv_proj_{shared}", f"conv_proj_{name}"): value
        for key, value in ours.state_dict().items()
        for name in names
    }
    theirs.load_state_dict({key: state[key] for key in theirs.state_dict()})
    apart = pulled(theirs)
    parts = ("conv.weight", "bn.weight", "bn.bias")
    summed = {
        f"conv_proj_{shared}.{part}": sum(apart[f"conv_proj_{n}.{part}"] for n in names)
        for part in parts
    }
    check_one(pulled(ours), summed | {k: apart[k] for k in ("output", "input")})
