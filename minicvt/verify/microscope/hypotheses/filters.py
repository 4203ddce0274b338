"""Depthwise filters: order, activation, and the class token's way past them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from minicvt import ops
from minicvt.grid import Grid
from minicvt.nn import Attention, flatten, unflatten
from minicvt.nn.projection import PADDING, DepthwiseBN, DepthwiseReduction
from minicvt.verify.microscope.hypothesis import Change, doing, suppose

CONVOLVED = (DepthwiseBN, DepthwiseReduction)


def mapping(
    of_map: Callable[[Any, Any], Any], of_special: Callable[[Any, Any], Any] | None
) -> Change:
    """Make a projection's forward of what it does to the map and to the class token.

    Without ``of_special`` the class token is dropped.
    """

    def forward(part: Any, tokens: Any, grid: Grid) -> Any:
        token_map, special = unflatten(tokens, grid)
        if special is not None:
            special = of_special(part, special) if of_special else None
        return flatten(of_map(part, token_map), special)

    return doing(forward=forward)


def as_it_is(part: Any, special: Any) -> Any:
    """Let the class token pass by."""
    return special


def filtered(part: Any, token_map: Any) -> Any:
    """Depthwise convolution, then BatchNorm."""
    return part.bn(part.conv(token_map))


def normed(part: Any, special: Any) -> Any:
    """Send the class token through BatchNorm alone."""
    return part.bn(special)


def as_a_map(part: Any, special: Any) -> Any:
    """Send the class token through both, as a map of 1 x 1."""
    batch, count, dim = special.shape
    centre = part.conv.weight[:, 0, PADDING, PADDING]
    return part.bn((special * centre).reshape(batch, count, dim))


def norm_first(part: Any, token_map: Any) -> Any:
    """BatchNorm, then the convolution."""
    return part.conv(part.bn(token_map))


def then(curve: Any) -> Change:
    """Follow BatchNorm by an activation."""
    return mapping(lambda part, x: curve(filtered(part, x)), as_it_is)


def without_class(attn: Any) -> None:
    """Leave the class token out of keys and values."""
    made = attn.convolve.__func__

    def convolve(attn: Any, tokens: Any, grid: Grid) -> Any:
        seen = made(attn, tokens, grid)
        return {"q": seen["q"]} | {x: without_special(*seen[x]) for x in "kv"}

    doing(convolve=convolve)(attn)


def without_special(tokens: Any, grid: Grid) -> Any:
    """Keep the tokens that lie on the map."""
    return tokens[:, grid.special :], Grid(grid.height, grid.width)


HYPOTHESES = [
    suppose("keys and values leave the class token out", Attention, without_class),
    suppose(
        "the class token goes through BatchNorm", CONVOLVED, mapping(filtered, normed)
    ),
    suppose(
        "the class token goes through convolution and BatchNorm, as a map of 1 x 1",
        DepthwiseBN,
        mapping(filtered, as_a_map),
    ),
    suppose(
        "BatchNorm comes before the convolution",
        CONVOLVED,
        mapping(norm_first, as_it_is),
    ),
    suppose("an exact GELU follows BatchNorm", CONVOLVED, then(ops.gelu)),
    suppose("ReLU follows BatchNorm", CONVOLVED, then(ops.relu)),
]
