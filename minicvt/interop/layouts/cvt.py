"""CvT: the official code's names, which are ours, transformers', vit-pytorch's."""

from __future__ import annotations

from minicvt.interop.forms import POINTWISE, ones
from minicvt.interop.layout import Layout
from minicvt.interop.rules import Rule

BLOCK = "stage{i}.blocks.{j}."

OFFICIAL = Layout(
    "cvt",
    "official",
    tuple(Rule(name, name) for name in ("stage{i}.{p}", "norm.{p}", "head.{p}")),
    implies={"dialect": "microsoft"},
    keeps=True,
)

HF_STAGE = "cvt.encoder.stages.{i}."
HF_EMBED = HF_STAGE + "embedding.convolution_embeddings."
HF_BLOCK = HF_STAGE + "layers.{j}."
HF_ATTN = HF_BLOCK + "attention.attention."
HF_CONV = HF_ATTN + "convolution_projection_{x}.convolution_projection."
HF = Layout(
    "cvt",
    "hf",
    (
        Rule("stage{i}.cls_token", HF_STAGE + "cls_token"),
        Rule("stage{i}.patch_embed.proj.{p}", HF_EMBED + "projection.{p}"),
        Rule("stage{i}.patch_embed.norm.{p}", HF_EMBED + "normalization.{p}"),
        Rule(BLOCK + "norm1.{p}", HF_BLOCK + "layernorm_before.{p}"),
        Rule(BLOCK + "norm2.{p}", HF_BLOCK + "layernorm_after.{p}"),
        Rule(BLOCK + "attn.conv_proj_{x}.conv.{p}", HF_CONV + "convolution.{p}"),
        Rule(BLOCK + "attn.conv_proj_{x}.bn.{p}", HF_CONV + "normalization.{p}"),
        Rule(BLOCK + "attn.proj_{x}.{p}", HF_ATTN + "projection_{x}.{p}"),
        Rule(BLOCK + "attn.proj.{p}", HF_BLOCK + "attention.output.dense.{p}"),
        Rule(BLOCK + "mlp.fc1.{p}", HF_BLOCK + "intermediate.dense.{p}"),
        Rule(BLOCK + "mlp.fc2.{p}", HF_BLOCK + "output.dense.{p}"),
        Rule("norm.{p}", "layernorm.{p}"),
        Rule("head.{p}", "classifier.{p}"),
    ),
    words={"x": {"q": "query", "k": "key", "v": "value"}},
    implies={"dialect": "hf"},
)

CHANNEL = ones(0, 2, 3)
LR_ATTN = "layers.{i}.2.layers.{j}.0."
LR_MLP = "layers.{i}.2.layers.{j}.1.net."
LUCIDRAINS = Layout(
    "cvt",
    "lucidrains",
    (
        Rule("stage{i}.patch_embed.proj.{p}", "layers.{i}.0.{p}"),
        Rule("stage{i}.patch_embed.norm.weight", "layers.{i}.1.g", CHANNEL),
        Rule("stage{i}.patch_embed.norm.bias", "layers.{i}.1.b", CHANNEL),
        Rule(BLOCK + "norm1.weight", LR_ATTN + "norm.g", CHANNEL),
        Rule(BLOCK + "norm1.bias", LR_ATTN + "norm.b", CHANNEL),
        Rule(BLOCK + "attn.conv_proj_q.conv.{p}", LR_ATTN + "to_q.net.0.{p}"),
        Rule(BLOCK + "attn.conv_proj_q.bn.{p}", LR_ATTN + "to_q.net.1.{p}"),
        Rule(BLOCK + "attn.proj_q.weight", LR_ATTN + "to_q.net.2.weight", POINTWISE),
        Rule(BLOCK + "attn.conv_proj_kv.conv.{p}", LR_ATTN + "to_kv.net.0.{p}"),
        Rule(BLOCK + "attn.conv_proj_kv.bn.{p}", LR_ATTN + "to_kv.net.1.{p}"),
        Rule(
            (BLOCK + "attn.proj_k.weight", BLOCK + "attn.proj_v.weight"),
            LR_ATTN + "to_kv.net.2.weight",
            POINTWISE,
        ),
        Rule(BLOCK + "attn.proj.weight", LR_ATTN + "to_out.0.weight", POINTWISE),
        Rule(BLOCK + "attn.proj.bias", LR_ATTN + "to_out.0.bias"),
        Rule(BLOCK + "norm2.weight", LR_MLP + "0.g", CHANNEL),
        Rule(BLOCK + "norm2.bias", LR_MLP + "0.b", CHANNEL),
        Rule(BLOCK + "mlp.fc1.weight", LR_MLP + "1.weight", POINTWISE),
        Rule(BLOCK + "mlp.fc1.bias", LR_MLP + "1.bias"),
        Rule(BLOCK + "mlp.fc2.weight", LR_MLP + "4.weight", POINTWISE),
        Rule(BLOCK + "mlp.fc2.bias", LR_MLP + "4.bias"),
        Rule("head.{p}", "to_logits.2.{p}"),
    ),
    implies={"dialect": "lucidrains"},
)

LAYOUTS = (OFFICIAL, HF, LUCIDRAINS)
