"""What a transformer costs around its blocks: stems, embeddings, tokens, heads."""

from __future__ import annotations

from collections.abc import Iterator

from minicvt.accounting.closed_forms.block import Parts, block, letters
from minicvt.accounting.closed_forms.layers import (
    Window,
    conv,
    linear,
    norm,
    products,
    table,
    through,
)
from minicvt.models.architecture import Architecture
from minicvt.models.ceit import CeiTConfig
from minicvt.models.cmt import CMTConfig
from minicvt.models.costs import Cost, Size

STEMS: dict[str, tuple[Window, ...]] = {
    "none": (),
    "cmt": ((3, 2, 1),),
    "ceit": ((7, 2, 3), (3, 2, 1)),
    "t2t_performer": ((7, 4, 2), (3, 2, 1)),
    "t2t_transformer": ((7, 4, 2), (3, 2, 1)),
}


def transformer(config: Architecture, image: Size) -> Iterator[tuple[str, Parts]]:
    """Yield each stage's name and the layers of its parts, in the order they run."""
    c, size = config, through(image, *STEMS[config.stem])
    yield "stem", {"stem": stem(c, image)}
    before = c.stem_width
    for i, C in enumerate(c.dims):
        size = through(size, c.embed[i])
        yield f"stage{i}", stage(c, i, before, size)
        before = C
    places = size[0] * size[1]
    if isinstance(c, CeiTConfig):
        yield "lca", {"layer-wise class attention": layerwise(c)}
    yield "norm", {"LayerNorm": [norm(c.dims[-1])] if c.final_norm else []}
    yield "head", {"head": head(c, places)}


def stage(config: Architecture, i: int, before: int, size: Size) -> Parts:
    """Embedding from the ``before`` channels, tokens, positions and L blocks."""
    c, of, k = config, letters(config, i, size), config.embed[i][0]
    found: Parts = {
        "token embedding": [conv(of.HW, k, before, of.C)],
        "LayerNorm": [norm(of.C)] if c.embed_norm else [],
        "class token": [table(of.C)] * of.c,
    }
    if c.has_positions(i) and c.position_kind == "score_bias":
        found["score bias"] = [table(of.h * of.T * of.S)]
    elif c.has_positions(i):
        found["positions"] = [table(of.T * of.C)]
    for part, layers in block(c, i, of).items():
        found[part] = found.get(part, []) + layers * c.depths[i]
    return found


def stem(config: Architecture, image: Size) -> list[Cost]:
    """CMT: three convolutions 3 x 3. CeiT: one 7 x 7. T2T-ViT: two token layers."""
    name, C, D = config.stem, config.in_chans, config.stem_width
    maps = [through(image, *STEMS[name][: i + 1]) for i in range(len(STEMS[name]))]
    places = [height * width for height, width in maps]
    if name == "none":
        return []
    if name == "cmt":
        return [conv(places[0], 3, dim, D) for dim in (C, D, D)] + [norm(D)] * 3
    if name == "ceit":
        return [conv(places[0], 7, C, D, bias=False), norm(D)]
    mix = performer if name == "t2t_performer" else attention
    widths = (C * 7**2, D * 3**2)
    return [
        cost
        for T, wide in zip(places, widths, strict=True)
        for cost in token_layer(T, wide, D, mix(T, wide, D))
    ]


def token_layer(T: int, wide: int, D: int, mixing: list[Cost]) -> list[Cost]:
    """Split windows, ``wide`` = C k^2, to D channels: norm, mix, output map and MLP."""
    return [norm(wide), *mixing, linear(T, D, D), norm(D), *[linear(T, D, D)] * 2]


def attention(T: int, wide: int, D: int) -> list[Cost]:
    """q, k and v without bias, and T^2 scores: 3 T wide D + 2 T^2 D."""
    return [*[linear(T, wide, D, bias=False)] * 3, products(T, T, D, D)]


def performer(T: int, wide: int, D: int) -> list[Cost]:
    """m = D / 2 features phi of q and k by one frozen w, and no scores.

    T m (2D + 2D + 1): twice w x, phi(k)^T v, phi(q) times that, phi(q) times a sum.
    """
    m = D // 2
    return [*[linear(T, wide, D)] * 3, Cost(m * D, T * m * (2 * D + 2 * D + 1))]


def layerwise(config: CeiTConfig) -> list[Cost]:
    """One block for L class tokens of which the last asks: linear in L."""
    C, L = config.dims[-1], config.depths[-1]
    M = int(C * config.mlp_ratios[-1])
    return [
        table(L * C),
        *[norm(C)] * 2,
        *(linear(n, C, C, config.qkv_bias) for n in (1, L, L)),
        *(products(1, L, C, C), linear(1, C, C)),
        *(linear(1, C, M), linear(1, M, C)),
    ]


def head(config: Architecture, HW: int) -> list[Cost]:
    """C K: behind a wider map in CMT, a Linear in pre-training, twice in DeiT."""
    C, K = config.dims[-1], config.num_classes
    if isinstance(config, CMTConfig):
        W = config.head_width
        return [linear(HW, C, W), norm(W), linear(1, W, K)]
    W = getattr(config, "representation", 0)
    if W:
        return [linear(1, C, W), linear(1, W, K)]
    return [linear(1, C, K)] * (1 + getattr(config, "distilled", False))
