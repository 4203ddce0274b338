"""The block: residuals, where the norms stand, what the class token does."""

from __future__ import annotations

from typing import Any

from minicvt import ops
from minicvt.nn import Block
from minicvt.nn.block import LocalPerception
from minicvt.nn.layers import Conv2d
from minicvt.nn.tokens import flatten, unflatten
from minicvt.verify.microscope.hypothesis import (
    Change,
    doing,
    exchanging,
    nothing,
    suppose,
)


def attended(block: Any, tokens: Any, grid: Any, bias: Any) -> Any:
    """attention(LN(x)), as dropped paths leave it."""
    return block.drop_path(block.attn(block.norm1(tokens), grid, bias))


def fed(block: Any, tokens: Any, grid: Any) -> Any:
    """mlp(LN(x)), as dropped paths leave it."""
    return block.drop_path(block.mlp(block.norm2(tokens), grid))


def forward(rest: Any) -> Change:
    """Make a block's forward of what follows local perception."""

    def run(block: Any, tokens: Any, grid: Any, bias: Any = None) -> Any:
        if block.local is not None:
            tokens = block.local(tokens, grid)
        return rest(block, tokens, grid, bias)

    return doing(forward=run)


def no_first_residual(block: Any, x: Any, grid: Any, bias: Any) -> Any:
    """x = attention(LN(x)); x = x + mlp(LN(x))."""
    x = attended(block, x, grid, bias)
    return x + fed(block, x, grid)


def no_second_residual(block: Any, x: Any, grid: Any, bias: Any) -> Any:
    """x = x + attention(LN(x)); x = mlp(LN(x))."""
    return fed(block, x + attended(block, x, grid, bias), grid)


def residual_of_norm(block: Any, x: Any, grid: Any, bias: Any) -> Any:
    """Add to LN(x), not to x."""
    x = block.norm1(x)
    x = x + block.drop_path(block.attn(x, grid, bias))
    x = block.norm2(x)
    return x + block.drop_path(block.mlp(x, grid))


def norms_after(block: Any, x: Any, grid: Any, bias: Any) -> Any:
    """x = LN(x + attention(x)); x = LN(x + mlp(x)): as in the first Transformer."""
    x = block.norm1(x + block.drop_path(block.attn(x, grid, bias)))
    return block.norm2(x + block.drop_path(block.mlp(x, grid)))


def norms_on_branches(block: Any, x: Any, grid: Any, bias: Any) -> Any:
    """x = x + LN(attention(x)); x = x + LN(mlp(x))."""
    x = x + block.drop_path(block.norm1(block.attn(x, grid, bias)))
    return x + block.drop_path(block.norm2(block.mlp(x, grid)))


def parallel(block: Any, x: Any, grid: Any, bias: Any) -> Any:
    """x + attention(LN(x)) + mlp(LN(x)), both of the same x."""
    return x + attended(block, x, grid, bias) + fed(block, x, grid)


def mlp_first(block: Any, x: Any, grid: Any, bias: Any) -> Any:
    """Feed forward, then attend."""
    x = x + fed(block, x, grid)
    return x + attended(block, x, grid, bias)


def without_attention(block: Any, x: Any, grid: Any, bias: Any) -> Any:
    """Leave the attention out."""
    return x + fed(block, x, grid)


def without_mlp(block: Any, x: Any, grid: Any, bias: Any) -> Any:
    """Leave the feed-forward out."""
    return x + attended(block, x, grid, bias)


def class_unchanged(block: Any, x: Any, grid: Any, bias: Any) -> Any:
    """Feed forward the places alone."""
    x = x + attended(block, x, grid, bias)
    if not grid.special:
        return x + fed(block, x, grid)
    places = x + fed(block, x, grid)
    return ops.concatenate(x[:, : grid.special], places[:, grid.special :], axis=1)


def one_norm(block: Any) -> None:
    """Use the first norm twice."""
    block.norm2 = block.norm1


def local_alone(local: Any, tokens: Any, grid: Any) -> Any:
    """DWConv(x), without x."""
    token_map, special = unflatten(tokens, grid)
    return flatten(Conv2d.forward(local, token_map), special)[0]


def local_missing(block: Any) -> None:
    """Leave local perception out."""
    block.local = None


BLOCKS: dict[str, Any] = {
    "the residual around the attention is missing": no_first_residual,
    "the residual around the feed-forward is missing": no_second_residual,
    "residuals start from the normed tokens": residual_of_norm,
    "norms come after the residuals": norms_after,
    "norms are on the branches' results": norms_on_branches,
    "attention and feed-forward run side by side": parallel,
    "the feed-forward comes before the attention": mlp_first,
    "the attention is missing": without_attention,
    "the feed-forward is missing": without_mlp,
    "the class token is not fed forward": class_unchanged,
}

HYPOTHESES = [
    *(suppose(words, Block, forward(rest)) for words, rest in BLOCKS.items()),
    suppose(
        "the block's two norms are exchanged", Block, exchanging(("norm1", "norm2"))
    ),
    suppose("the block is skipped", Block, doing(forward=nothing)),
    suppose("the first norm is used twice", Block, one_norm),
    suppose(
        "local perception has no shortcut", LocalPerception, doing(forward=local_alone)
    ),
    suppose("local perception is missing", Block, local_missing),
]
