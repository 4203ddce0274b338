"""Stems, and T2T's token layers with every pair of tokens written out, in PyTorch."""

from __future__ import annotations

from typing import Any

from minicvt.nn.soft_split import SPLITS
from minicvt.verify.layers.peer import Peer
from minicvt.verify.layers.theirs.blocks import mlp
from minicvt.verify.oracle import nchw, nhwc


def conv_stem(own: Peer, x: Any, *, activation: str, **_: Any) -> Any:
    """Three times convolution, activation, BatchNorm."""
    for i, stride in ((1, 2), (2, 1), (3, 1)):
        x = own[f"conv{i}"].conv2d(x, stride=stride, padding=1)
        x = own[f"bn{i}"].batch_norm(own.activation(activation, x))
    return x


def image_to_tokens(own: Peer, x: Any, **_: Any) -> Any:
    """Convolution, BatchNorm, the largest of 3 x 3."""
    x = own["bn"].batch_norm(own["conv"].conv2d(x, stride=2, padding=3))
    pooled = own.functions.max_pool2d(nchw(own.torch, x), 3, stride=2, padding=1)
    return nhwc(pooled)


def softmax_kernel(own: Peer, q: Any, k: Any) -> Any:
    """Rows of attention, at the scale of the wide input."""
    scale = own["norm1"].get("weight").shape[0] ** -0.5
    return (scale * q @ k.mT).softmax(-1)


def feature_kernel(own: Peer, q: Any, k: Any) -> Any:
    """Rows of attention as performers have them, every pair of tokens written out."""
    w = own.get("w")

    def phi(x: Any) -> Any:
        squares = x.square().sum(-1, keepdim=True)
        return (x @ w.T - squares / 2).exp() / len(w) ** 0.5

    pairs = phi(q) @ phi(k).mT
    return pairs / (pairs.sum(-1, keepdim=True) + 1e-8)


KERNELS = {"performer": feature_kernel, "transformer": softmax_kernel}


def token_layer(own: Peer, x: Any, *, kind: str, activation: str, eps: float) -> Any:
    """v + attention, then an MLP with its residual."""
    x = own["norm1"].layer_norm(x, eps)
    q, k, v = (own[f"proj_{name}"].linear(x) for name in "qkv")
    y = v + own["proj"].linear(KERNELS[kind](own, q, k) @ v)
    return y + mlp(own["mlp"], own["norm2"].layer_norm(y, eps), activation=activation)


def soft_splits(own: Peer, x: Any, **chosen: Any) -> Any:
    """Both splits by PyTorch's unfold, maps in its order and ours outside."""
    x = nchw(own.torch, x)
    for name, (k, s, p) in zip(("attention1", "attention2"), SPLITS, strict=True):
        side = [(n + 2 * p - k) // s + 1 for n in x.shape[2:]]
        tokens = own.functions.unfold(x, k, stride=s, padding=p).mT
        x = token_layer(own[name], tokens, **chosen).mT.unflatten(2, side)
    return nhwc(x)
