"""Of every dialect and projection of CvT: which gradients vanish, and no others."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from minicvt.models.dialects import DIALECTS
from minicvt.models.registry import variant
from tests.laws.parts import remembering
from tests.nn.comparing import normal, scrambled

ZERO = 1e-13
"""Of the largest gradient: what rounding leaves of a zero."""

SMALL: dict[str, Any] = {
    "image": (36, 44),
    "dims": (6, 8, 12),
    "depths": (1, 2, 3),
    "heads": (1, 2, 3),
    "drop_path": (0.0,),
}


def gradients(model: Any, training: bool) -> dict[str, Any]:
    """Return the gradients of random logits' cotangents, by name."""
    model = remembering(scrambled(model)).train(training)
    logits = model(normal(2, *model.config.image, model.config.in_chans))
    logits.backward(normal(*logits.shape, seed=1))
    return {name: p.grad for name, p in model.named_parameters() if p.requires_grad}


def zeros(found: dict[str, Any]) -> set[str]:
    largest = max(np.abs(gradient).max() for gradient in found.values())
    return {k for k, g in found.items() if np.abs(g).max() <= ZERO * largest}


def dead(config: Any) -> Iterator[str]:
    """Name what only moves queries of the last block that the head does not read.

    The class token passes the convolution of q by: 9C weights and 2C of BatchNorm.
    """
    last, own = len(config.dims) - 1, config.shared != "qkv"
    if config.projection[last] == "dw_bn" and config.cls[last] and own:
        block = f"stage{last}.blocks.{config.depths[last] - 1}.attn.conv_proj_q"
        yield from (f"{block}.{x}" for x in ("conv.weight", "bn.weight", "bn.bias"))


def unseen(config: Any) -> Iterator[str]:
    """Name what adds one vector to all keys, and so one number to a query's scores.

    A class token skips BatchNorm: then not all keys are shifted.
    """
    for i, depth in enumerate(config.depths):
        for j in range(depth):
            attention = f"stage{i}.blocks.{j}.attn"
            if config.qkv_bias:
                yield f"{attention}.proj_k.bias"
            convolved = config.projection[i] == "dw_bn" and config.shared == "none"
            if convolved and not config.cls[i]:
                yield f"{attention}.conv_proj_k.bn.bias"


MODELS = [
    (dialect, projection)
    for dialect in DIALECTS
    for projection in ("dw_bn", "avg", "linear")
    if dialect != "lucidrains" or projection == "dw_bn"  # it shares convolutions
]


@pytest.mark.parametrize("training", [False, True], ids=["evaluation", "training"])
@pytest.mark.parametrize(("dialect", "projection"), MODELS)
def test_these_gradients_of_cvt_vanish_and_no_others(
    dialect: str, projection: str, training: bool
) -> None:
    """dL/db_k = 0, dL/dbeta_k = 0 without a class token, dL/dw_q = 0 at the end."""
    config = variant("cvt-13", dialect=dialect, projection=(projection,), **SMALL)
    found = gradients(config.build("float64"), training)
    assert zeros(found) == {*dead(config), *unseen(config)}
    assert all((found[name] == 0).all() for name in dead(config))


@pytest.mark.parametrize(
    ("name", "published"), [("cvt-13", 4_224), ("cvt-21", 4_224), ("cvt-w24", 11_264)]
)
def test_11c_parameters_are_dead(name: str, published: int) -> None:
    """9C + 2C of the last stage's width C."""
    small = variant(name, **SMALL)
    found = gradients(small.build("float64"), training=True)
    assert sum(found[x].size for x in dead(small)) == 11 * small.dims[-1]
    assert 11 * variant(name).dims[-1] == published
