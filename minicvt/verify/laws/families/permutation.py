"""Orders that do not matter: of the batch, of tokens, of heads."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from minicvt.grid import Grid
from minicvt.models import build
from minicvt.models.registry import PAPERS
from minicvt.nn import MLP, Attention, Block, Init, Module
from minicvt.nn.projection import METHODS
from minicvt.tensor import Tensor
from minicvt.verify.laws.law import Family
from minicvt.verify.laws.parts import Function, apart, made, one_thing, value, weighed
from minicvt.verify.operations import Draw
from minicvt.verify.oracle import relative_error

FAMILY = Family("Orders that do not matter", "P reorders images, tokens or heads.")
GRID, DIM, ORDER = Grid(5, 4), 12, [2, 0, 1]


def model_of(draw: Draw, paper: str) -> tuple[Any, Any]:
    """Build a small model of the paper, and draw three images for it."""
    model = weighed(draw, build(f"{paper}-digits16", dtype="float64"))
    return model, draw.normal(3, *model.config.image, model.config.in_chans)


def reordered(model: Function, images: Any) -> float:
    """Compare f(P x) with P f(x)."""
    return relative_error(value(model, images[ORDER]), value(model, images)[ORDER])


@FAMILY.equal("Of the batch, in every paper's model.", "f(P x) = P f(x)")
def batch(draw: Draw) -> float:
    """In evaluation."""
    return max(reordered(*model_of(draw, paper)) for paper in PAPERS)


NORMS = ("cvt", "ceit", "resnet")
"""Papers whose models have BatchNorm, and drop nothing here."""


@FAMILY.equal("Of the batch, in training with BatchNorm.", "f(P x) = P f(x)")
def batch_in_training(draw: Draw) -> float:
    """It makes every image depend on all others, in any order."""
    drawn = [model_of(draw, paper) for paper in NORMS]
    return max(reordered(model.train(), images) for model, images in drawn)


@FAMILY.unequal("But not of which images are in it.", "f([x, y, z])_x != f([x, y])_x")
def other_batch(draw: Draw) -> float:
    """Because of BatchNorm."""
    model, images = model_of(draw, "cvt")
    model.train()
    return relative_error(value(model, images[:2]), value(model, images)[:2])


@FAMILY.equal("Gradients forget the order of the batch.", "dL/dw = sum_b dL_b/dw")
def gradients(draw: Draw) -> float:
    """Of every paper; each image has its own cotangent."""
    return max(apart(*_both_orders(*model_of(draw, paper))) for paper in PAPERS)


def _both_orders(model: Any, images: Any) -> list[dict[str, Any]]:
    found = []
    for order in ([0, 1, 2], ORDER):
        model.zero_grad()
        output = model(images[order])
        output.backward(np.random.default_rng(7).normal(0.2, 1, output.shape)[order])
        trained = [(n, p) for n, p in model.named_parameters() if p.requires_grad]
        found.append({name: p.grad for name, p in trained if p.grad is not None})
    return found


def attention(draw: Draw, method: str) -> Any:
    """Make attention with a projection."""
    return made(draw, Attention, DIM, 2, method, 2)


def block(draw: Draw, method: str) -> Any:
    """Make a block of it."""
    init = Init("float64")
    attn = Attention(DIM, 2, method, 2, init=init)
    return made(draw, Block, DIM, attn, MLP(DIM, 9, init=init))


def moved(draw: Draw, part: Module) -> float:
    """Compare A(P x) with P A(x) for an order of the tokens."""
    order = draw.rng.permutation(GRID.tokens)
    x = draw.normal(2, GRID.tokens, DIM)

    def run(x: Tensor) -> Tensor:
        return part(x, GRID)

    return relative_error(value(run, x[:, order]), value(run, x)[:, order])


Kind = Callable[[Draw, str], Any]
KINDS: dict[str, Kind] = {"attention": attention, "block": block}


def _list_kind(name: str, kind: Kind) -> None:
    says = f'Of tokens, in {name} with "linear" projections.'

    @FAMILY.equal(says, "A(P x) = P A(x)")
    def linear(draw: Draw) -> float:
        return moved(draw, kind(draw, "linear"))


def _list_method(method: str) -> None:
    @FAMILY.unequal(f'Not in attention with "{method}".', "A(P x) != P A(x)")
    def local(draw: Draw) -> float:
        return moved(draw, attention(draw, method))


for name, kind in KINDS.items():
    _list_kind(name, kind)
for method in METHODS:
    if method != "linear":
        _list_method(method)


@FAMILY.equal("Of heads.", "W [h_1; h_2] = (W P') P [h_1; h_2]")
def heads(draw: Draw) -> float:
    """Rows of W_q, W_k, W_v are reordered by heads, and the columns of the last W."""
    count = draw.one_of(2, 3, 4, 6)
    ours = made(draw, Attention, DIM, count, "linear")
    other = Attention(DIM, count, "linear", init=Init("float64")).eval()
    rows = np.arange(DIM).reshape(count, -1)[draw.rng.permutation(count)].ravel()
    state = dict(ours.state_dict())
    for name in state.keys() - {"proj.weight", "proj.bias"}:
        state[name] = state[name][rows]
    state["proj.weight"] = state["proj.weight"][:, rows]
    other.load_state_dict(state)
    x = draw.normal(2, GRID.tokens, DIM)
    return one_thing(lambda x: ours(x, GRID), lambda x: other(x, GRID), x)
