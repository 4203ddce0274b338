"""The papers' models written again in PyTorch, from our parameters by name.

``config`` is that of the model. Checked, as our models are, by the official code's
answers; here so that anyone with PyTorch can make the golden files anew.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from minicvt.grid import Grid
from minicvt.models.resnet import STEMS
from minicvt.verify.layers.peer import Peer
from minicvt.verify.layers.theirs.blocks import attention, block, mlp
from minicvt.verify.layers.theirs.stems import conv_stem, image_to_tokens, soft_splits
from minicvt.verify.oracle import nchw, nhwc


def stem(own: Peer, x: Any, config: Any) -> Any:
    """What comes before the first embedding."""
    if config.stem == "cmt":
        return conv_stem(own, x, activation=config.activation)
    if config.stem == "ceit":
        return image_to_tokens(own, x)
    if config.stem.startswith("t2t_"):
        chosen = {"activation": config.activation, "eps": config.norm_eps}
        return soft_splits(own, x, kind=config.stem.removeprefix("t2t_"), **chosen)
    return x


def embed(own: Peer, x: Any, config: Any, index: int) -> tuple[Any, Grid]:
    """Tokens that enter the blocks of a stage: embedded, joined, placed."""
    _, stride, padding = config.embed[index]
    x = own["patch_embed"]["proj"].conv2d(x, stride=stride, padding=padding)
    if config.embed_norm:
        x = own["patch_embed"]["norm"].layer_norm(x, config.embed_eps)
    special = [own.get(name) for name in config.special_tokens(index)]
    grid = Grid(x.shape[1], x.shape[2], len(special))
    leading = [token.expand(len(x), 1, -1) for token in special]
    tokens = own.torch.cat([*leading, x.flatten(1, 2)], 1)
    positions = own.get("pos_embed")
    return tokens if positions is None else tokens + positions, grid


def stage(own: Peer, x: Any, config: Any, index: int) -> tuple[Any, Any, list[Any]]:
    """Return the map, the special tokens, and the class token after each block."""
    c, i = config, index
    tokens, grid = embed(own, x, c, i)
    options = {
        "grid": grid,
        "dim": c.dims[i],
        "heads": c.heads[i],
        "projection": c.projection[i],
        "kv_stride": c.kv_stride[i],
        "ffn": c.ffn[i],
        "shared": c.shared,
        "scale": c.scale,
        "activation": c.activation,
        "norm_eps": c.norm_eps,
        "eps": c.embed_eps,
    }
    classes = []
    for number in range(c.depths[i]):
        part = own[f"blocks.{number}"]
        tokens = block(part, tokens, own.get("score_bias"), **options)
        classes.append(tokens[:, :1])
    places = tokens[:, grid.special :].unflatten(1, (grid.height, grid.width))
    return places, tokens[:, : grid.special], classes


def features(own: Peer, images: Any, config: Any) -> tuple[Any, Any, list[Any]]:
    """Return the same of the last stage."""
    x = stem(own["stem"], images, config)
    for index in range(len(config.dims)):
        x, special, classes = stage(own[f"stage{index}"], x, config, index)
    return x, special, classes


def transformer(own: Peer, images: Any, *, config: Any) -> Any:
    """CvT, ViT, PVT and T2T-ViT: LayerNorm, then the class token or the mean."""
    x, special, _ = features(own, images, config)
    tokens = own["norm"].layer_norm(
        special if config.cls[-1] else x.flatten(1, 2), config.norm_eps
    )
    y = tokens[:, 0] if config.cls[-1] else tokens.mean(1)
    if own.get("pre_logits.weight") is not None:
        y = own["pre_logits"].linear(y).tanh()
    return own["head"].linear(y)


def deit(own: Peer, images: Any, *, config: Any) -> Any:
    """The mean of what two tokens' heads answer."""
    tokens = own["norm"].layer_norm(features(own, images, config)[1], config.norm_eps)
    y, y_dist = own["head"].linear(tokens[:, 0]), own["head_dist"].linear(tokens[:, 1])
    return (y + y_dist) / 2


def ceit(own: Peer, images: Any, *, config: Any) -> Any:
    """The last class token asks those of all layers."""
    c, lca = config, own["lca"]
    classes = own.torch.cat(features(own, images, c)[2], 1) + lca.get("pos_embed")
    x = lca["norm1"].layer_norm(classes, c.norm_eps)
    nowhere = Grid(0, 0, classes.shape[1])
    options = {"grid": nowhere, "dim": c.dims[-1], "heads": c.heads[-1]}
    options |= {"projection": "linear", "kv_stride": 1, "shared": "none"}
    every = attention(lca["attn"], x, scale=c.scale, **options)
    last = classes[:, -1:] + every[:, -1:]
    y = lca["norm2"].layer_norm(last, c.norm_eps)
    last = last + mlp(lca["mlp"], y, activation=c.activation)
    return own["head"].linear(own["norm"].layer_norm(last, c.norm_eps)[:, 0])


def cmt(own: Peer, images: Any, *, config: Any) -> Any:
    """Widen every place, BatchNorm, swish, mean."""
    wide = own["head_conv"].linear(features(own, images, config)[0])
    wide = own.functions.silu(own["head_bn"].batch_norm(wide))
    return own["head"].linear(wide.mean((1, 2)))


def resnet(own: Peer, images: Any, *, config: Any) -> Any:
    """A stem, bottlenecks that halve in their 3 x 3 convolution, mean, Linear."""
    _, stride, padding, pooled = STEMS[config.stem]
    x = own["conv1"].conv2d(images, stride=stride, padding=padding)
    x = own["bn1"].batch_norm(x).relu()
    if pooled:
        x = nhwc(own.functions.max_pool2d(nchw(own.torch, x), 3, 2, 1))
    for index, depth in enumerate(config.depths):
        for number in range(depth):
            stride = 2 if index and not number else 1
            x = bottleneck(own[f"layer{index + 1}.{number}"], x, stride)
    return own["fc"].linear(x.mean((1, 2)))


def bottleneck(own: Peer, x: Any, stride: int) -> Any:
    """Narrow, look around, widen, add what came in."""
    y = own["bn1"].batch_norm(own["conv1"].conv2d(x)).relu()
    y = own["conv2"].conv2d(y, stride=stride, padding=1)
    y = own["conv3"].conv2d(own["bn2"].batch_norm(y).relu())
    if own.get("downsample.0.weight") is not None:
        x = own["downsample.0"].conv2d(x, stride=stride)
        x = own["downsample.1"].batch_norm(x)
    return (own["bn3"].batch_norm(y) + x).relu()


PAPERS: dict[str, Callable[..., Any]] = {
    "cvt": transformer,
    "vit": transformer,
    "deit": deit,
    "pvt": transformer,
    "t2t": transformer,
    "ceit": ceit,
    "cmt": cmt,
    "resnet": resnet,
}
