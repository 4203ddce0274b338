"""CMT: the official code's names, whose stages have letters."""

from __future__ import annotations

from minicvt.interop.forms import POINTWISE
from minicvt.interop.layout import Layout
from minicvt.interop.rules import Rule, shaped

BLOCK, THEIRS = "stage{i}.blocks.{j}.", "blocks_{i}.{j}."
REDUCED = BLOCK + "attn.conv_proj_kv."

OFFICIAL = (
    Rule("stem.conv{n}.{p}", "stem_conv{n}.{p}"),
    Rule("stem.bn{n}.{p}", "stem_norm{n}.{p}"),
    Rule("stage{i}.patch_embed.{p}", "patch_embed_{i}.{p}"),
    Rule("stage{i}.score_bias", "relative_pos_{i}"),
    Rule(BLOCK + "local.{p}", THEIRS + "proj.{p}"),
    Rule(BLOCK + "norm1.{p}", THEIRS + "norm1.{p}"),
    Rule(BLOCK + "attn.proj_{x}.{p}", THEIRS + "attn.{x}.{p}"),
    Rule(REDUCED + "conv.{p}", THEIRS + "attn.sr.0.{p}"),
    Rule(REDUCED + "bn.{p}", THEIRS + "attn.sr.1.{p}"),
    Rule(BLOCK + "attn.proj.{p}", THEIRS + "attn.proj.{p}"),
    Rule(BLOCK + "norm2.{p}", THEIRS + "norm2.{p}"),
    *shaped(BLOCK + "mlp.fc1", THEIRS + "mlp.conv1.0", POINTWISE),
    Rule(BLOCK + "mlp.bn1.{p}", THEIRS + "mlp.conv1.2.{p}"),
    Rule(BLOCK + "mlp.conv.{p}", THEIRS + "mlp.proj.{p}"),
    Rule(BLOCK + "mlp.bn2.{p}", THEIRS + "mlp.proj_bn.{p}"),
    *shaped(BLOCK + "mlp.fc2", THEIRS + "mlp.conv2.0", POINTWISE),
    Rule(BLOCK + "mlp.bn3.{p}", THEIRS + "mlp.conv2.1.{p}"),
    *shaped("head_conv", "_fc", POINTWISE),
    Rule("head_bn.{p}", "_bn.{p}"),
    Rule("head.{p}", "head.{p}"),
)
LETTERS = {"i": {"0": "a", "1": "b", "2": "c", "3": "d"}}

LAYOUTS = (Layout("cmt", "official", OFFICIAL, LETTERS, keeps=True),)
