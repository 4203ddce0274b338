"""DeiT: the official code's names, which are timm's, and transformers'.

To transformers a DeiT without distillation is a ViT.
"""

from __future__ import annotations

from minicvt.interop.layout import Layout
from minicvt.interop.layouts import timm
from minicvt.interop.layouts.hf import WORDS, disk, memory
from minicvt.interop.rules import Rule

TORCH = {"activation": "gelu", "norm_eps": 1e-6}
HF = {"activation": "gelu", "norm_eps": 1e-12}
TOKEN, HEAD = "stage0.dist_token", "head_dist.weight"
OFFICIAL = (
    *timm.TRANSFORMER,
    Rule(TOKEN, "dist_token"),
    Rule("head_dist.{p}", "head_dist.{p}"),
)
DISTILLED = (
    Rule(TOKEN, "deit.embeddings.distillation_token"),
    Rule("head_dist.{p}", "distillation_classifier.{p}"),
)
DISK = (
    *DISTILLED,
    *disk("deit", "cls_classifier", beside=HEAD),
    *disk("deit", "classifier", beside=TOKEN),
    *disk("vit", "classifier"),
)
MEMORY = (
    *DISTILLED,
    *memory("deit", "cls_classifier", beside=HEAD),
    *memory("deit", "classifier", beside=TOKEN),
    *memory("vit", "classifier"),
)

LAYOUTS = (
    Layout("deit", "official", OFFICIAL, implies=TORCH, keeps=True),
    Layout("deit", "hf", DISK, WORDS, implies=HF),
    Layout("deit", "hf5", MEMORY, implies=HF),
)
