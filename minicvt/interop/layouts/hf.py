"""The names of transformers' ViT and DeiT: in its files, and in memory since 5."""

from __future__ import annotations

from minicvt.interop.layouts.timm import BLOCK
from minicvt.interop.rules import Rule

WORDS = {"x": {"q": "query", "k": "key", "v": "value"}}


def disk(body: str, head: str, beside: str = "") -> tuple[Rule, ...]:
    """Build the table of a model's files; ``body`` and ``head`` differ in names."""
    block = body + ".encoder.layer.{j}."
    names = {
        BLOCK + "norm1.{p}": block + "layernorm_before.{p}",
        BLOCK + "attn.proj_{x}.{p}": block + "attention.attention.{x}.{p}",
        BLOCK + "attn.proj.{p}": block + "attention.output.dense.{p}",
        BLOCK + "norm2.{p}": block + "layernorm_after.{p}",
        BLOCK + "mlp.fc1.{p}": block + "intermediate.dense.{p}",
        BLOCK + "mlp.fc2.{p}": block + "output.dense.{p}",
    }
    return _rules(names | _around(body, head), beside)


def memory(body: str, head: str, beside: str = "") -> tuple[Rule, ...]:
    """Build the table of ``state_dict()`` in transformers 5, which renames files'."""
    block = body + ".layers.{j}."
    names = {
        BLOCK + "norm1.{p}": block + "layernorm_before.{p}",
        BLOCK + "attn.proj_{x}.{p}": block + "attention.{x}_proj.{p}",
        BLOCK + "attn.proj.{p}": block + "attention.o_proj.{p}",
        BLOCK + "norm2.{p}": block + "layernorm_after.{p}",
        BLOCK + "mlp.fc{n}.{p}": block + "mlp.fc{n}.{p}",
    }
    return _rules(names | _around(body, head), beside)


def _around(body: str, head: str) -> dict[str, str]:
    """Names outside the blocks."""
    return {
        "stage0.cls_token": body + ".embeddings.cls_token",
        "stage0.pos_embed": body + ".embeddings.position_embeddings",
        "stage0.patch_embed.proj.{p}": (
            body + ".embeddings.patch_embeddings.projection.{p}"
        ),
        "norm.{p}": body + ".layernorm.{p}",
        "head.{p}": head + ".{p}",
    }


def _rules(names: dict[str, str], beside: str) -> tuple[Rule, ...]:
    return tuple(Rule(ours, theirs, beside=beside) for ours, theirs in names.items())
