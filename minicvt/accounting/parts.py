"""What each piece of a model is for, read off its path.

All models share one scheme of names, so a few endings say it all.
"""

from __future__ import annotations

PARTS = (
    (".attn.conv_proj_", "convolutional projection"),
    (".attn.proj_", "q, k, v linear"),
    (".attn.proj", "output linear"),
    (".attn", "attention products"),
    (".mlp", "MLP"),
    ("patch_embed.proj", "token embedding"),
    ("cls_token", "class token"),
    ("head", "head"),
    ("norm", "LayerNorm"),
)


def part_of(path: str, operation: str = "") -> str:
    """Name the part that ``path`` (of a module or a parameter) belongs to.

    The BatchNorm of a convolutional projection counts with the projection.
    """
    if operation == "attend":
        return "attention products"
    for ending, part in PARTS:
        if ending in path:
            return part
    return "other"
