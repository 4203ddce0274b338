"""The names of timm's transformer, which DeiT, T2T-ViT and CeiT took over."""

from __future__ import annotations

from minicvt.interop.rules import Rule, fused

BLOCK = "stage0.blocks.{j}."

TOKENS = (
    Rule("stage0.cls_token", "cls_token"),
    Rule("stage0.pos_embed", "pos_embed"),
)
ATTENTION = (
    Rule(BLOCK + "norm1.{p}", "blocks.{j}.norm1.{p}"),
    *fused(BLOCK + "attn.proj_{x}", "blocks.{j}.attn.qkv"),
    Rule(BLOCK + "attn.proj.{p}", "blocks.{j}.attn.proj.{p}"),
    Rule(BLOCK + "norm2.{p}", "blocks.{j}.norm2.{p}"),
)
MLP = (Rule(BLOCK + "mlp.fc{n}.{p}", "blocks.{j}.mlp.fc{n}.{p}"),)
HEADS = (
    Rule("norm.{p}", "norm.{p}"),
    Rule("pre_logits.{p}", "pre_logits.fc.{p}"),
    Rule("head.{p}", "head.{p}"),
)
PATCHES = (Rule("stage0.patch_embed.proj.{p}", "patch_embed.proj.{p}"),)

TRANSFORMER = (*TOKENS, *PATCHES, *ATTENTION, *MLP, *HEADS)
"""All of a ViT."""
