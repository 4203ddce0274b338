"""CeiT: its tokens, its feed-forward, and its class attention."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np

from minicvt.models import build
from minicvt.nn import ConvMLP
from minicvt.tensor import Tensor
from minicvt.verify.equations.claim import claim, fixed
from minicvt.verify.equations.pieces import ran
from minicvt.verify.equations.probe import apart, drawn, tokens_on
from minicvt.verify.equations.row import Row, failing

MULTIPLE, ALONE = "16 divides the side", "without the residual"


@claim(
    "ceit-I2T",
    "section 3.2",
    r"x' = \mathrm{MaxPool}(\mathrm{BN}(\mathrm{Conv}(x)))",
    "Image-to-tokens makes as many tokens as ViT's patches of 16 x 16.",
    expected="exact if",
    conditions=(MULTIPLE,),
    why="Its convolution and pooling round up, patches round down.",
)
@fixed
def grids() -> Iterator[Row]:
    """Compare the stages of executed models."""
    for side in (*range(200, 209), 224, 384):
        said, made = tokens_of("vit-ti16", side), tokens_of("ceit-tiny", side)
        missing = failing({MULTIPLE: side % 16 == 0})
        yield Row(f"{side} x {side}: tokens", said, made, missing)


def tokens_of(name: str, side: int) -> int:
    """Return how many patches an executed model embeds."""
    entries = ran(name, side).ledger.entries
    shape = next(e.output for e in entries if "patch_embed.proj" in e.path)
    return shape[1] * shape[2]


@claim(
    "ceit-LeFF",
    "section 3.3",
    r"x_t^{h+1} = \mathrm{Concat}(x_c^h, x_p^{l_2})",
    "The feed-forward leaves the class token as it was.",
    expected="exact iff",
    conditions=(ALONE,),
    why="The code hands LeFF the normalised tokens and adds what comes back, so that "
    "a block makes z + LN(z) of the class token.",
)
@fixed
def class_token() -> Iterator[Row]:
    """Follow a class token through LeFF, and through a block."""
    grid, x = tokens_on(4, 4, 1, 8)
    leff = drawn(partial(ConvMLP, 8, 16))
    after = leff(Tensor(x), grid).numpy()
    yield Row("through LeFF: largest change", 0.0, apart(after[:, 0], x[:, 0]))
    model = tiny()
    block = model.stage0.blocks[0]
    between = block.norm2(Tensor(x))
    changed = x + block.mlp(between, grid).numpy()
    difference = apart(changed[:, 0], x[:, 0])
    yield Row("through the residual: largest change", 0.0, difference, (ALONE,))


def tiny() -> Any:
    """Build a CeiT of three layers, small enough to run backwards at once."""
    small: dict[str, Any] = {"dims": (8,), "depths": (3,), "heads": (2,), "stem_dim": 4}
    return build("ceit-tiny", dtype="float64", image=(32, 32), num_classes=3, **small)


@claim(
    "ceit-dead",
    "sections 3.3 and 3.4",
    r"\frac{\partial y}{\partial \theta_{\mathrm{LeFF}, L}} \neq 0",
    "Every parameter of every layer has a part in the answer.",
    expected="contradicted",
    why="Class attention reads class tokens alone, and the last LeFF changes none of "
    "them any more: its gradients are exactly zero, what it costs is for nothing.",
)
@fixed
def dead() -> Iterator[Row]:
    """Run a small CeiT backwards, and count the same layer in CeiT-T."""
    model, rng = tiny(), np.random.default_rng(0)
    y = model(rng.normal(size=(2, 32, 32, 3)))
    (y * Tensor(rng.normal(size=y.shape))).sum().backward()
    for index, block in enumerate(model.stage0.blocks):
        weights = [p.grad for _, p in block.mlp.named_parameters()]
        alive = sum(bool(np.abs(grad).max()) for grad in weights)
        at = f"layer {index + 1} of 3: LeFF tensors with gradient"
        yield Row(at, len(weights), alive)
    whole = ran("ceit-tiny")
    last = whole.model.stage0.blocks[len(whole.model.stage0.blocks) - 1].mlp
    parameters, macs = last.count_parameters(), whole.within("blocks.11.mlp.")
    yield Row("parameters of ceit-tiny without a part", 0, parameters)
    yield Row("MACs of ceit-tiny without a part", 0, macs)


@claim(
    "ceit-LCA",
    "section 3.4",
    r"\mathcal{O}(L^2 C) \to \mathcal{O}(L C)",
    "With one query, the cost of layer-wise class attention is linear in the layers.",
    why="The last class token asks, those of all L layers answer: 2LC for the products "
    "and (1 + 2L)C^2 + C^2 for the projections.",
)
@fixed
def class_attention() -> Iterator[Row]:
    """Count it in executed models of several depths."""
    for name in ("ceit-tiny", "ceit-small"):
        for depth in (3, 6, 12, 24):
            model = ran(name, depths=(depth,))
            c, at = model.model.config.dims[-1], f"{name}, L = {depth}"
            asked = [e for e in model.ledger.entries if e.path == "lca.attn"]
            products = sum(e.macs for e in asked if e.operation == "attend")
            layer = (1 + 2 * depth) * c * c + 2 * depth * c + c * c
            yield Row(f"products, {at}", 2 * depth * c, products)
            yield Row(f"attention, {at}", layer, model.within("lca.attn."))


CLAIMS = (
    grids,
    class_token,
    dead,
    class_attention,
)
