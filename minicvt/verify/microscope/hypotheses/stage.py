"""Tokens before the blocks: embeddings, special tokens, positions."""

from __future__ import annotations

from typing import Any

import numpy as np

from minicvt import ops
from minicvt.grid import Grid
from minicvt.models.stage import Stage
from minicvt.nn import Parameter
from minicvt.nn.tokens import flatten, unflatten
from minicvt.verify.microscope.hypothesis import Change, doing, suppose, weighing


def tabled(make: Any) -> Change:
    """Add another table of positions, which ``make`` makes of table and grid."""

    def change(stage: Any) -> None:
        if stage.pos_embed is not None:
            table = make(stage.pos_embed.numpy(), stage.grid)
            stage.pos_embed = Parameter(table, stage.pos_embed.requires_grad)

    return change


def nowhere(table: Any, grid: Grid) -> Any:
    """Take all positions away."""
    return np.zeros_like(table)


def only_places(table: Any, grid: Grid) -> Any:
    """Take those of special tokens away."""
    return np.concatenate([0 * table[:, : grid.special], table[:, grid.special :]], 1)


def special_last(table: Any, grid: Grid) -> Any:
    """Read the special tokens' positions from the end."""
    return np.roll(table, grid.special, axis=1)


def waves(table: Any, grid: Grid) -> Any:
    """T2T-ViT's waves as they are, not rounded to float32."""
    _, tokens, dim = table.shape
    p, j = np.arange(tokens)[:, None], np.arange(dim)
    angle = p / np.power(10000, 2 * (j // 2) / dim)
    return np.where(j % 2 == 0, np.sin(angle), np.cos(angle))[None].astype(table.dtype)


def without_special(stage: Any) -> None:
    """Leave special tokens out, and their positions."""
    if stage.pos_embed is not None:
        table = stage.pos_embed.numpy()[:, stage.grid.special :]
        stage.pos_embed = Parameter(table, stage.pos_embed.requires_grad)
        stage.grid = stage.grid._replace(special=0)
    stage.special = ()


def reversed_special(stage: Any) -> None:
    """Put the special tokens in the other order."""
    stage.special = tuple(reversed(stage.special))


def special_behind(stage: Any, x: Any) -> Any:
    """Run the blocks with the special tokens behind the places.

    Nothing in a block whose projections are linear can tell; where the map is looked
    at, the special tokens are taken from the front as ever.
    """
    tokens, grid = stage.embed(x)
    tokens = ops.concatenate(
        tokens[:, grid.special :], tokens[:, : grid.special], axis=1
    )
    for block in stage.blocks:
        tokens = block(tokens, grid, stage.score_bias)
    return unflatten(tokens, grid)


def placed_first(stage: Any, x: Any) -> Any:
    """Add positions to places alone, starting from the table's first row."""
    token_map, grid = flatten(stage.patch_embed(x))
    table = stage.pos_embed[:, : grid.places]
    special = [getattr(stage, name) for name in stage.special]
    batch, dim = token_map.shape[0], token_map.shape[-1]
    leading = [ops.broadcast_to(s, shape=(batch, 1, dim)) for s in special]
    tokens = ops.concatenate(*leading, token_map + table, axis=1)
    return stage.drop(tokens), Grid(grid.height, grid.width, len(leading))


def positioned(stage: Any) -> None:
    """Make that of a stage which has positions and special tokens."""
    if stage.pos_embed is not None and stage.special:
        doing(embed=placed_first)(stage)


HYPOTHESES = [
    suppose("there is no class token", Stage, without_special),
    suppose("the special tokens are in the other order", Stage, reversed_special),
    suppose(
        "special tokens stand behind the places", Stage, doing(forward=special_behind)
    ),
    suppose("the class token is zero", Stage, weighing("cls_token", np.zeros_like)),
    suppose("no positions are added", Stage, tabled(nowhere)),
    suppose("special tokens have no position", Stage, tabled(only_places)),
    suppose("places are numbered before special tokens", Stage, tabled(special_last)),
    suppose("positions start at the first place", Stage, positioned),
    suppose("positions are added twice", Stage, tabled(lambda table, grid: 2 * table)),
    suppose("the waves are not rounded to float32", Stage, tabled(waves)),
]
