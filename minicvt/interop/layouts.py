"""Names of CvT's tensors in other people's files: one table a layout.

In memory, and in our own files, the names are the official code's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from minicvt.errors import CheckpointError, unknown
from minicvt.interop.layout import Layout, Rule

BLOCK = "stage{i}.blocks.{j}."

OFFICIAL = Layout(
    "official",
    "microsoft",
    tuple(Rule(name, name) for name in ("stage{i}.{p}", "norm.{p}", "head.{p}")),
)

HF_STAGE = "cvt.encoder.stages.{i}."
HF_EMBED = HF_STAGE + "embedding.convolution_embeddings."
HF_BLOCK = HF_STAGE + "layers.{j}."
HF_ATTN = HF_BLOCK + "attention.attention."
HF_CONV = HF_ATTN + "convolution_projection_{x}.convolution_projection."
HF = Layout(
    "hf",
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
)

CHANNEL, POINTWISE = (0, 2, 3), (2, 3)
LR_ATTN = "layers.{i}.2.layers.{j}.0."
LR_MLP = "layers.{i}.2.layers.{j}.1.net."
LUCIDRAINS = Layout(
    "lucidrains",
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
)

LAYOUTS = {layout.name: layout for layout in (OFFICIAL, HF, LUCIDRAINS)}
WRAPPINGS = {"module.": "", "encoder.": "cvt.encoder."}
"""What DataParallel puts before a name, and what a CvtModel without head leaves out."""


def layout_named(name: str) -> Layout:
    """Look up a layout; unknown names raise ``UnknownName``."""
    if name not in LAYOUTS:
        raise unknown("layout", name, LAYOUTS)
    return LAYOUTS[name]


def recognise(names: Iterable[str]) -> Layout:
    """Return the layout that knows most of ``names``.

    Raises ``CheckpointError`` when no layout knows any.
    """
    names = list(names)
    best = max(LAYOUTS.values(), key=lambda layout: sum(map(layout.knows, names)))
    if not any(map(best.knows, names)):
        found = ", ".join(names[:3]) or "nothing"
        raise CheckpointError(
            f"none of {len(names)} tensors has a name that a CvT has in the layouts "
            f"{', '.join(LAYOUTS)}; found {found}"
        )
    return best


def unwrap(theirs: Mapping[str, Any]) -> dict[str, Any]:
    """Names without what wrappers do to them (``WRAPPINGS``)."""
    plain = dict(theirs)
    for before, after in WRAPPINGS.items():
        if all(name.startswith(before) for name in plain):
            plain = {after + n.removeprefix(before): v for n, v in plain.items()}
    return plain
