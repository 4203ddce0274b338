"""DeiT: the official code's names, which are timm's, and transformers'.

To transformers a DeiT without distillation is a ViT.
"""

from __future__ import annotations

from minicvt.interop.layout import Layout
from minicvt.interop.layouts import timm
from minicvt.interop.layouts.hf import WORDS, disk, memory

TORCH = {"activation": "gelu", "norm_eps": 1e-6}
HF = {"activation": "gelu", "norm_eps": 1e-12}
TWO_HEADS, DISTILLED = "head_dist.weight", "stage0.dist_token"

DISK = (
    *disk("deit", "cls_classifier", beside=TWO_HEADS),
    *disk("deit", "classifier", beside=DISTILLED),
    *disk("vit", "classifier"),
)
MEMORY = (
    *memory("deit", "cls_classifier", beside=TWO_HEADS),
    *memory("deit", "classifier", beside=DISTILLED),
    *memory("vit", "classifier"),
)

LAYOUTS = (
    Layout("deit", "official", timm.TRANSFORMER, implies=TORCH, keeps=True),
    Layout("deit", "hf", DISK, WORDS, implies=HF),
    Layout("deit", "hf5", MEMORY, implies=HF),
)
