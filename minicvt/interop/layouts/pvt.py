"""PVT: the official code's names, which count stages from 1, and transformers'."""

from __future__ import annotations

from minicvt.interop.layout import Layout
from minicvt.interop.rules import Rule, fused

BLOCK = "stage{i}.blocks.{j}."
THEIRS = "block{i}.{j}."
OFFICIAL = (
    Rule("stage3.cls_token", "cls_token"),
    Rule("stage{i}.pos_embed", "pos_embed{i}"),
    Rule("stage{i}.patch_embed.{p}", "patch_embed{i}.{p}"),
    Rule(BLOCK + "norm1.{p}", THEIRS + "norm1.{p}"),
    Rule(BLOCK + "attn.proj_q.{p}", THEIRS + "attn.q.{p}"),
    *fused(BLOCK + "attn.proj_{x}", THEIRS + "attn.kv", "kv"),
    Rule(BLOCK + "attn.conv_proj_kv.conv.{p}", THEIRS + "attn.sr.{p}"),
    Rule(BLOCK + "attn.conv_proj_kv.norm.{p}", THEIRS + "attn.norm.{p}"),
    Rule(BLOCK + "attn.proj.{p}", THEIRS + "attn.proj.{p}"),
    Rule(BLOCK + "norm2.{p}", THEIRS + "norm2.{p}"),
    Rule(BLOCK + "mlp.fc{n}.{p}", THEIRS + "mlp.fc{n}.{p}"),
    Rule("norm.{p}", "norm.{p}"),
    Rule("head.{p}", "head.{p}"),
)
FROM_ONE = {"i": {"0": "1", "1": "2", "2": "3", "3": "4"}}

HF_EMBED = "pvt.encoder.patch_embeddings.{i}."
HF_BLOCK = "pvt.encoder.block.{i}.{j}."
HF_ATTN = HF_BLOCK + "attention.self."
HF = (
    Rule("stage{i}.cls_token", HF_EMBED + "cls_token"),
    Rule("stage{i}.pos_embed", HF_EMBED + "position_embeddings"),
    Rule("stage{i}.patch_embed.proj.{p}", HF_EMBED + "projection.{p}"),
    Rule("stage{i}.patch_embed.norm.{p}", HF_EMBED + "layer_norm.{p}"),
    Rule(BLOCK + "norm1.{p}", HF_BLOCK + "layer_norm_1.{p}"),
    Rule(BLOCK + "attn.proj_{x}.{p}", HF_ATTN + "{x}.{p}"),
    Rule(BLOCK + "attn.conv_proj_kv.conv.{p}", HF_ATTN + "sequence_reduction.{p}"),
    Rule(BLOCK + "attn.conv_proj_kv.norm.{p}", HF_ATTN + "layer_norm.{p}"),
    Rule(BLOCK + "attn.proj.{p}", HF_BLOCK + "attention.output.dense.{p}"),
    Rule(BLOCK + "norm2.{p}", HF_BLOCK + "layer_norm_2.{p}"),
    Rule(BLOCK + "mlp.fc{n}.{p}", HF_BLOCK + "mlp.dense{n}.{p}"),
    Rule("norm.{p}", "pvt.encoder.layer_norm.{p}"),
    Rule("head.{p}", "classifier.{p}"),
)
HF_WORDS = {"x": {"q": "query", "k": "key", "v": "value"}}

LAYOUTS = (
    Layout("pvt", "official", OFFICIAL, FROM_ONE, keeps=True),
    Layout("pvt", "hf", HF, HF_WORDS, {"norm_eps": 1e-6, "embed_eps": 1e-6}),
)
