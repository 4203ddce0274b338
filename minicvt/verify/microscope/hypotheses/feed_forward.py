"""The feed-forward's middle: order, shortcuts, what happens at its end."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from minicvt.nn import ConvMLP, flatten, unflatten
from minicvt.verify.microscope.hypothesis import Change, doing, suppose

Part = Callable[[Any, Any], Any]


def widened(mlp: Any, x: Any) -> Any:
    """The first third as the paper has it."""
    if mlp.inverted:
        return mlp.bn1(mlp.activation(mlp.fc1(x)))
    return mlp.activation(mlp.bn1(mlp.fc1(x)))


def looked_around(mlp: Any, h: Any) -> Any:
    """The second third as the paper has it."""
    if mlp.inverted:
        return mlp.bn2(mlp.activation(mlp.conv(h) + h))
    return mlp.activation(mlp.bn2(mlp.conv(h)))


def narrowed(mlp: Any, z: Any) -> Any:
    """The last third."""
    return mlp.bn3(mlp.fc2(z))


def made_of(
    first: Part = widened, middle: Part = looked_around, last: Part = narrowed
) -> Change:
    """Make a feed-forward of other thirds."""

    def forward(mlp: Any, tokens: Any, grid: Any) -> Any:
        x, special = unflatten(tokens, grid)
        y = last(mlp, middle(mlp, first(mlp, x)))
        return flatten(y, special)[0]

    return doing(forward=forward)


NORM_THEN_CURVE = made_of(
    lambda mlp, x: mlp.activation(mlp.bn1(mlp.fc1(x))),
    lambda mlp, h: mlp.activation(
        mlp.bn2(mlp.conv(h) + h if mlp.inverted else mlp.conv(h))
    ),
)
CURVE_THEN_NORM = made_of(
    lambda mlp, x: mlp.bn1(mlp.activation(mlp.fc1(x))),
    lambda mlp, h: mlp.bn2(
        mlp.activation(mlp.conv(h) + h if mlp.inverted else mlp.conv(h))
    ),
)


def curve_first(mlp: Any, h: Any) -> Any:
    """BN(g(DW h)), whatever is added."""
    return mlp.bn2(mlp.activation(mlp.conv(h)))


HYPOTHESES = [
    suppose("BatchNorm comes before the activation", ConvMLP, NORM_THEN_CURVE),
    suppose("the activation comes before BatchNorm", ConvMLP, CURVE_THEN_NORM),
    suppose(
        "the depthwise shortcut is outside: BN(g(DW h)) + h",
        ConvMLP,
        made_of(middle=lambda mlp, h: curve_first(mlp, h) + h),
    ),
    suppose(
        "the depthwise shortcut is missing: BN(g(DW h))",
        ConvMLP,
        made_of(middle=curve_first),
    ),
    suppose(
        "the depthwise shortcut is there: g(BN(DW h + h))",
        ConvMLP,
        made_of(middle=lambda mlp, h: mlp.activation(mlp.bn2(mlp.conv(h) + h))),
    ),
    suppose(
        "the depthwise convolution is missing",
        ConvMLP,
        made_of(middle=lambda mlp, h: h),
    ),
    suppose(
        "an activation follows the last BatchNorm",
        ConvMLP,
        made_of(last=lambda mlp, z: mlp.activation(narrowed(mlp, z))),
    ),
]
