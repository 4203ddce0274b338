"""CeiT: the official code's names, whose LeFF has 1x1 convolutions for Linears."""

from __future__ import annotations

from minicvt.interop.forms import POINTWISE
from minicvt.interop.layout import Layout
from minicvt.interop.layouts import timm
from minicvt.interop.rules import Rule, fused, shaped

LEFF, THEIRS = timm.BLOCK + "mlp.", "blocks.{j}.leff."

OFFICIAL = (
    *timm.TOKENS,
    Rule("stem.{p}", "i2t.backbone.{p}"),
    Rule("stage0.patch_embed.proj.{p}", "i2t.proj.{p}"),
    *timm.ATTENTION,
    *shaped(LEFF + "fc1", THEIRS + "conv1", POINTWISE),
    Rule(LEFF + "conv.{p}", THEIRS + "conv2.{p}"),
    *shaped(LEFF + "fc2", THEIRS + "conv3", POINTWISE),
    Rule(LEFF + "bn{n}.{p}", THEIRS + "bn{n}.{p}"),
    Rule("lca.pos_embed", "pos_layer_embed"),
    Rule("lca.norm{n}.{p}", "lca.norm{n}.{p}"),
    *fused("lca.attn.proj_{x}", "lca.attn.qkv"),
    Rule("lca.attn.proj.{p}", "lca.attn.proj.{p}"),
    Rule("lca.mlp.{p}", "lca.feedforward.{p}"),
    *timm.HEADS,
)

LAYOUTS = (Layout("ceit", "official", OFFICIAL, keeps=True),)
