"""What each piece of a model is for, read off its path.

All papers share one scheme of names, so that a few fragments say it all; the first
that a path has decides.
"""

from __future__ import annotations

import re

PARTS = (
    (r"^(stem|conv1|bn1)\b", "stem"),
    (r"^layer\d", "bottlenecks"),
    (r"^lca\b", "layer-wise class attention"),
    (r"\.score_bias", "score bias"),
    (r"\.pos_embed", "positions"),
    (r"\.(cls|dist)_token", "class token"),
    (r"\.local\b", "local perception"),
    (r"\.attn\.conv_proj_", "convolutional projection"),
    (r"\.attn\.proj_", "q, k, v linear"),
    (r"\.attn\.proj", "output linear"),
    (r"\.attn", "attention products"),
    (r"\.mlp", "MLP"),
    (r"patch_embed\.proj", "token embedding"),
    (r"^(head|pre_logits|fc)", "head"),
    (r"norm", "LayerNorm"),
)


def part_of(path: str) -> str:
    """Name the part that ``path``, of a module or a parameter, belongs to.

    A norm after a convolution counts with it: in a stem, a projection, an MLP, a head.
    A stem and layer-wise class attention count as wholes. What no row of ``PARTS``
    knows is "other".
    """
    for fragment, part in PARTS:
        if re.search(fragment, path):
            return part
    return "other"
