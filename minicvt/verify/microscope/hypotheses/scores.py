"""From q, k and v to what they see: how heads are cut, scores made, values weighed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from minicvt import ops
from minicvt.nn import Attention, merge_heads, split_heads
from minicvt.nn.projection import Dense
from minicvt.verify.microscope.hypothesis import Change, doing, suppose


def attending(
    attend: Callable[..., Any] = ops.attend,
    split: Callable[..., Any] = split_heads,
    merge: Callable[..., Any] = merge_heads,
) -> Change:
    """Make attention's forward of other pieces."""

    def forward(attn: Any, tokens: Any, grid: Any, bias: Any = None) -> Any:
        seen = attn.convolve(tokens, grid)
        q, k, v = (split(linear(attn, x, seen[x][0]), attn.heads) for x in "qkv")
        return attn.drop(attn.proj(merge(attend(q, k, v, bias, scale=attn.scale))))

    return doing(forward=forward)


def linear(attn: Any, name: str, tokens: Any) -> Any:
    """Map by the point-wise half of q, k or v, before heads are cut."""
    dense = isinstance(getattr(attn, f"conv_proj_{attn.shared[name]}"), Dense)
    return tokens if dense else getattr(attn, f"proj_{name}")(tokens)


def split_at_once(tokens: Any, heads: int) -> Any:
    """Reshape straight to ``(B, h, T, d)``, which deals tokens out to the heads."""
    batch, count, dim = tokens.shape
    return tokens.reshape(batch, heads, count, dim // heads)


def merge_at_once(heads: Any) -> Any:
    """Reshape ``(B, h, T, d)`` straight to ``(B, T, h d)``."""
    batch, count, tokens, width = heads.shape
    return heads.reshape(batch, tokens, count * width)


def split_interleaved(tokens: Any, heads: int) -> Any:
    """Give a head every h-th channel: ``(d h)`` where it should be ``(h d)``."""
    batch, count, dim = tokens.shape
    return tokens.reshape(batch, count, dim // heads, heads).transpose(0, 3, 1, 2)


def merge_interleaved(heads: Any) -> Any:
    """Undo :func:`split_interleaved`."""
    batch, count, tokens, width = heads.shape
    return heads.transpose(0, 2, 3, 1).reshape(batch, tokens, count * width)


def scores(q: Any, k: Any, bias: Any, scale: float) -> Any:
    """Return scale q k^T + bias, ``(B, h, T, S)``."""
    s = (q @ k.transpose(0, 1, 3, 2)) * scale
    return s if bias is None else s + bias


def over_queries(q: Any, k: Any, v: Any, bias: Any, *, scale: float) -> Any:
    """Let the weights of a key sum to 1 over the queries."""
    s = scores(q, k, bias, scale).transpose(0, 1, 3, 2)
    return ops.softmax(s).transpose(0, 1, 3, 2) @ v


def without_softmax(q: Any, k: Any, v: Any, bias: Any, *, scale: float) -> Any:
    """Weigh values by the scores as they are."""
    return scores(q, k, bias, scale) @ v


def bias_scaled(q: Any, k: Any, v: Any, bias: Any, *, scale: float) -> Any:
    """Add the bias first: scale (q k^T + bias)."""
    return ops.attend(q, k, v, None if bias is None else bias * scale, scale=scale)


def without_bias(q: Any, k: Any, v: Any, bias: Any, *, scale: float) -> Any:
    """Leave the bias of the scores out."""
    return ops.attend(q, k, v, scale=scale)


ATTENDING: dict[str, Change] = {
    "softmax runs over the queries": attending(over_queries),
    "softmax is missing": attending(without_softmax),
    "the bias is scaled too: scale (q k^T + B)": attending(bias_scaled),
    "the bias of the scores is missing": attending(without_bias),
    "heads are cut without transposing": attending(split=split_at_once),
    "heads are merged without transposing": attending(merge=merge_at_once),
    "heads are cut and merged without transposing": attending(
        split=split_at_once, merge=merge_at_once
    ),
    "channels of a head are interleaved, (d h)": attending(
        split=split_interleaved, merge=merge_interleaved
    ),
}

HYPOTHESES = [suppose(words, Attention, change) for words, change in ATTENDING.items()]
