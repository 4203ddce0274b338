"""ViT: the official .npz files, linen's names for the same, timm's, transformers'."""

from __future__ import annotations

from minicvt.interop.forms import DENSE, FROM_HEADS, HEADS, HWIO, INTO_HEADS
from minicvt.interop.layout import Layout
from minicvt.interop.layouts import timm
from minicvt.interop.layouts.hf import WORDS, disk, memory
from minicvt.interop.rules import Rule

BLOCK = timm.BLOCK


def norm(ours: str, theirs: str) -> tuple[Rule, ...]:
    """LayerNorm in flax's words."""
    return (
        Rule(ours + ".weight", theirs + "/scale"),
        Rule(ours + ".bias", theirs + "/bias"),
    )


def dense(ours: str, theirs: str) -> tuple[Rule, ...]:
    """Linear in flax's words, its kernel ``(in, out)``."""
    return (
        Rule(ours + ".weight", theirs + "/kernel", DENSE),
        Rule(ours + ".bias", theirs + "/bias"),
    )


def flax(norm1: str, attention: str, norm2: str, mlp: str) -> tuple[Rule, ...]:
    """Build the table of an .npz whose blocks call their parts so."""
    block = "Transformer/encoderblock_{j}/"
    attention, mlp = block + attention, block + mlp
    return (
        Rule("stage0.cls_token", "cls"),
        Rule("stage0.pos_embed", "Transformer/posembed_input/pos_embedding"),
        Rule("stage0.patch_embed.proj.weight", "embedding/kernel", HWIO),
        Rule("stage0.patch_embed.proj.bias", "embedding/bias"),
        *norm(BLOCK + "norm1", block + norm1),
        Rule(BLOCK + "attn.proj_{x}.weight", attention + "/{x}/kernel", INTO_HEADS),
        Rule(BLOCK + "attn.proj_{x}.bias", attention + "/{x}/bias", HEADS),
        Rule(BLOCK + "attn.proj.weight", attention + "/out/kernel", FROM_HEADS),
        Rule(BLOCK + "attn.proj.bias", attention + "/out/bias"),
        *norm(BLOCK + "norm2", block + norm2),
        *dense(BLOCK + "mlp.fc1", mlp + "/Dense_0"),
        *dense(BLOCK + "mlp.fc2", mlp + "/Dense_1"),
        *norm("norm", "Transformer/encoder_norm"),
        *dense("pre_logits", "pre_logits"),
        *dense("head", "head"),
    )


# In published files a block's parts are numbered together; linen numbers each kind.
ATTENTION = "MultiHeadDotProductAttention"
PUBLISHED = flax("LayerNorm_0", ATTENTION + "_1", "LayerNorm_2", "MlpBlock_3")
LINEN = flax("LayerNorm_0", ATTENTION + "_0", "LayerNorm_1", "MlpBlock_0")
JAX = {"activation": "gelu_tanh", "norm_eps": 1e-6}
TORCH = {"activation": "gelu", "norm_eps": 1e-6}
HF = {"activation": "gelu", "norm_eps": 1e-12}

LAYOUTS = (
    Layout("vit", "official", PUBLISHED, WORDS, implies=JAX, keeps=True),
    Layout("vit", "linen", LINEN, WORDS, implies=JAX),
    Layout("vit", "timm", timm.TRANSFORMER, implies=TORCH),
    Layout("vit", "hf", disk("vit", "classifier"), WORDS, implies=HF),
    Layout("vit", "hf5", memory("vit", "classifier"), implies=HF),
)
