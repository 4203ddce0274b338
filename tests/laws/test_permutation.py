"""Orders that do not matter: of the batch, of tokens, of heads."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minicvt as mc
from minicvt import Tensor, no_grad
from minicvt.grid import Grid
from minicvt.models.registry import PAPERS
from minicvt.nn import MLP, Attention, Block, Init, Module
from minicvt.nn.projection import METHODS
from tests.laws.parts import ROUNDING, gradient, made, remembering
from tests.nn.comparing import normal
from tests.oracle import relative_error

ORDER = [2, 0, 1]
EVERY_PAPER = pytest.mark.parametrize("paper", PAPERS)
LOCAL = [method for method in METHODS if method != "linear"]

GRID = Grid(5, 4)


def model_of(paper: str) -> tuple[Any, Any]:
    """Build a small model of the paper, and draw three images for it."""
    model = mc.models.build(f"{paper}-digits16", dtype="float64")
    images = normal(3, *model.config.image, model.config.in_chans)
    return remembering(model), images


@EVERY_PAPER
def test_the_order_of_the_batch_in_evaluation(paper: str) -> None:
    """f(P x) = P f(x) for any order P of the images."""
    model, images = model_of(paper)
    with no_grad():
        logits = model(images).numpy()
        assert relative_error(model(images[ORDER]).numpy(), logits[ORDER]) <= ROUNDING


@pytest.mark.parametrize("paper", ["cvt", "ceit", "resnet"])
def test_the_order_of_the_batch_in_training(paper: str) -> None:
    """f(P x) = P f(x), though BatchNorm makes every image depend on all others."""
    model, images = model_of(paper)
    model.train()
    with no_grad():
        logits, other = model(images).numpy(), model(images[ORDER]).numpy()
        alone = model(images[:2]).numpy()
    assert relative_error(other, logits[ORDER]) <= 1e-10
    assert relative_error(alone, logits[:2]) > 1e-3


@EVERY_PAPER
def test_gradients_forget_the_order_of_the_batch(paper: str) -> None:
    """dL/dw is a sum over the images: P x with P's cotangents has the same."""
    model, images = model_of(paper)
    found = []
    for order in ([0, 1, 2], ORDER):
        model.zero_grad()
        output = model(images[order])
        output.backward(normal(*output.shape)[order])
        found.append({name: p.grad for name, p in model.named_parameters()})
    one, other = found
    largest = max(np.abs(x).max() for x in one.values() if x is not None)
    for name, expected in one.items():
        if expected is not None:
            apart = relative_error(other[name], expected, floor=1e-3 * largest)
            assert apart <= 1e-10, name


def attention(method: str) -> Any:
    return made(Attention, 6, 2, method, 2)


def block(method: str) -> Any:
    init = Init("float64")
    return made(Block, 6, Attention(6, 2, method, 2, init=init), MLP(6, 9, init=init))


def moved(part: Module, order: Any) -> tuple[Any, Any]:
    """Return A(P x) and P A(x), outputs and gradients."""
    x = normal(2, GRID.tokens, 6)
    with no_grad():
        y, other = (part(Tensor(x), GRID), part(Tensor(x[:, order]), GRID))
    return other.numpy(), y.numpy()[:, order]


orders = st.permutations(range(GRID.tokens))


@pytest.mark.parametrize("kind", [attention, block])
@given(order=orders)
def test_linear_attention_is_permutation_equivariant(
    kind: Callable[[str], Module], order: list[int]
) -> None:
    """A(P x) = P A(x) for any order P of the tokens."""
    ours, expected = moved(kind("linear"), order)
    assert relative_error(ours, expected) <= ROUNDING


@pytest.mark.parametrize("method", LOCAL)
@pytest.mark.parametrize("kind", [attention, block])
def test_attention_that_convolves_or_pools_is_not(
    kind: Callable[[str], Module], method: str
) -> None:
    """A(P x) != P A(x): neighbours are others after P."""
    order = np.random.default_rng(0).permutation(GRID.tokens)
    ours, expected = moved(kind(method), order)
    assert relative_error(ours, expected) > 1e-4


def permuted_heads(attention: Any, heads: int, order: Any) -> Any:
    """Reorder the rows of W_q, W_k, W_v by heads, and the columns of the last W."""
    other = made(Attention, 12, heads, "linear")
    state = dict(attention.state_dict())
    rows = np.arange(12).reshape(heads, -1)[order].ravel()
    for name in "qkv":
        for kind in ("weight", "bias"):
            state[f"proj_{name}.{kind}"] = state[f"proj_{name}.{kind}"][rows]
    state["proj.weight"] = state["proj.weight"][:, rows]
    other.load_state_dict(state)
    return other


@given(heads=st.sampled_from([2, 3, 4, 6]), seed=st.integers(0, 99))
def test_heads_have_no_order(heads: int, seed: int) -> None:
    """W [h_1; h_2] = (W P^T) P [h_1; h_2]: whichever head is called the first."""
    order = np.random.default_rng(seed).permutation(heads)
    ours = made(Attention, 12, heads, "linear")
    other, x = permuted_heads(ours, heads, order), normal(2, GRID.tokens, 12)
    for part in (lambda f: f(Tensor(x), GRID).numpy(), lambda f: pulled(f, x)):
        assert relative_error(part(other), part(ours)) <= ROUNDING


def pulled(part: Module, x: Any) -> Any:
    return gradient(lambda x: part(x, GRID), x)
