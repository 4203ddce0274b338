"""Attention: its scale, its heads, its biases, which of q, k and v is which."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from minicvt.nn import Attention, Parameter
from minicvt.verify.microscope.hypothesis import (
    Change,
    doing,
    exchanging,
    nothing,
    suppose,
    weighing,
)


def scaled(factor: Callable[[int, int], float]) -> Change:
    """Scale the scores by ``factor`` of the width and the heads."""

    def change(attn: Any) -> None:
        attn.scale = factor(attn.proj.weight.shape[0], attn.heads)

    return change


def counting(heads: int, rescaled: bool) -> Change:
    """Cut into another number of heads, and perhaps scale by their width."""

    def change(attn: Any) -> None:
        dim = attn.proj.weight.shape[0]
        if dim % heads == 0:
            attn.heads = heads
            attn.scale = (dim // heads) ** -0.5 if rescaled else attn.scale

    return change


def per_head(attn: Any) -> None:
    """Read the rows of q, k and v as (heads, 3, d), not as (3, heads, d)."""
    layers = [getattr(attn, f"proj_{x}", None) for x in "qkv"]
    if any(layer is None for layer in layers):
        return
    for kind in ("weight", "bias"):
        parts = [getattr(layer, kind) for layer in layers]
        if any(part is None for part in parts):
            continue
        rows = np.concatenate([part.numpy() for part in parts])
        grouped = rows.reshape(attn.heads, 3, -1, *rows.shape[1:])
        for i, (layer, part) in enumerate(zip(layers, parts, strict=True)):
            setattr(layer, kind, Parameter(grouped[:, i].reshape(part.shape)))


def without_biases(letters: str) -> Change:
    """Take the biases from some of q, k and v."""

    def change(attn: Any) -> None:
        for x in letters:
            weighing("bias", np.zeros_like)(getattr(attn, f"proj_{x}", None))

    return change


def without_output(attn: Any) -> None:
    """Leave out the Linear after the heads."""
    doing(forward=nothing)(attn.proj)


SCALES = {
    "dim^-0.5": lambda dim, heads: dim**-0.5,
    "head_dim^-0.5": lambda dim, heads: (dim // heads) ** -0.5,
    "missing": lambda dim, heads: 1.0,
    "1 / head_dim": lambda dim, heads: heads / dim,
}
HEADS = (1, 2, 3, 4, 6, 8, 12, 16)
EXCHANGES = {
    "q and k are exchanged": [("proj_q", "proj_k")],
    "q and v are exchanged": [("proj_q", "proj_v")],
    "k and v are exchanged": [
        ("proj_k", "proj_v"),
        ("conv_proj_k", "conv_proj_v"),
    ],
}
HYPOTHESES = [
    *(
        suppose(f"the scale is {words}", Attention, scaled(rule))
        for words, rule in SCALES.items()
    ),
    *(
        suppose(f"there are {heads} heads{words}", Attention, counting(heads, rescaled))
        for words, rescaled in (("", False), (", scaled by their width", True))
        for heads in HEADS
    ),
    *(
        suppose(words, Attention, exchanging(*pairs))
        for words, pairs in EXCHANGES.items()
    ),
    suppose("rows of q, k, v are read per head", Attention, per_head),
    *(
        suppose(f"{x} has no bias", Attention, without_biases(x))
        for x in ("q", "k", "v")
    ),
    suppose("q, k and v have no biases", Attention, without_biases("qkv")),
    suppose("the output Linear is missing", Attention, without_output),
]
