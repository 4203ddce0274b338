"""T2T-ViT: the official code's names; its two token modules call theirs differently.

Performer: one Linear for k, q and v, in this order, with biases. Transformer: q, k
and v, without.
"""

from __future__ import annotations

from minicvt.interop.forms import flat
from minicvt.interop.layout import Layout
from minicvt.interop.layouts import timm
from minicvt.interop.rules import Rule, fused, shaped

OURS, THEIRS = "stem.attention{n}.", "tokens_to_token.attention{n}."
PERFORMER = "stem.attention1.proj_k.bias"

OFFICIAL = (
    *timm.TOKENS,
    Rule(OURS + "norm1.{p}", THEIRS + "norm1.{p}"),
    Rule(OURS + "norm2.{p}", THEIRS + "norm2.{p}"),
    Rule(OURS + "w", THEIRS + "w"),
    *fused(OURS + "proj_{x}", THEIRS + "kqv", "kqv", beside=PERFORMER),
    Rule(OURS + "proj.{p}", THEIRS + "proj.{p}", beside=PERFORMER),
    Rule(OURS + "mlp.fc1.{p}", THEIRS + "mlp.0.{p}", beside=PERFORMER),
    Rule(OURS + "mlp.fc2.{p}", THEIRS + "mlp.2.{p}", beside=PERFORMER),
    *fused(OURS + "proj_{x}", THEIRS + "attn.qkv"),
    Rule(OURS + "proj.{p}", THEIRS + "attn.proj.{p}"),
    Rule(OURS + "mlp.{p}", THEIRS + "mlp.{p}"),
    *shaped("stage0.patch_embed.proj", "tokens_to_token.project", flat(3)),
    *timm.ATTENTION,
    *timm.MLP,
    *timm.HEADS,
)

LAYOUTS = (Layout("t2t", "official", OFFICIAL, keeps=True),)
