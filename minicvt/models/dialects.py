"""What implementations of CvT differ in, each choice with what it rests on.

``build("cvt-13", dialect="hf")`` takes one of ``DIALECTS``, and the model remembers
which; ``minicvt dialects`` measures what each difference does.
"""

from __future__ import annotations

from typing import Any, NamedTuple


class Choice(NamedTuple):
    """One field of the configuration, its value, and the words it rests on."""

    field: str
    value: Any
    source: str


def last_stage(config: Any) -> tuple[bool, ...]:
    """Give the last stage alone a class token."""
    return (False,) * (len(config.dims) - 1) + (True,)


def no_stage(config: Any) -> tuple[bool, ...]:
    """Give no stage a class token."""
    return (False,) * len(config.dims)


def half_overlap(config: Any) -> tuple[tuple[int, int, int], ...]:
    """Pad embeddings by half their overlap k - s, rounded up."""
    return tuple((k, s, (k - s + 1) // 2) for k, s, _ in config.embed)


def half_kernel(config: Any) -> tuple[tuple[int, int, int], ...]:
    """Pad embeddings by half their kernel."""
    return tuple((k, s, k // 2) for k, s, _ in config.embed)


WHOSE = {
    "microsoft": "the official code, microsoft/CvT f851e68: cls_cvt.py and its YAMLs",
    "hf": "transformers 5.23, CvtForImageClassification: modeling_cvt.py",
    "lucidrains": "vit-pytorch: vit_pytorch/cvt.py",
    "paper": "the text alone, arXiv 2103.15808v1; where it leans on ViT, ViT's",
}

DIALECTS: dict[str, tuple[Choice, ...]] = {
    "microsoft": (
        Choice("activation", "quick_gelu", "get_cls_model: act_layer=QuickGELU"),
        Choice("scale", "dim", "self.scale = dim_out ** -0.5"),
        Choice("qkv_bias", True, "QKV_BIAS: [true, true, true]"),
        Choice("shared", "none", "conv_proj_q, conv_proj_k, conv_proj_v"),
        Choice("cls", last_stage, "CLS_TOKEN: [false, false, true]"),
        Choice("final_norm", True, "x = self.norm(cls_tokens)"),
        Choice("embed", half_overlap, "PATCH_PADDING: [2, 1, 1]"),
        Choice("drop_path_rule", "linear", "drop_path=dpr[j]"),
        Choice("drop_sum", False, "x = x + self.drop_path(self.mlp(self.norm2(x)))"),
        Choice("init", "trunc_norm", "Linear trunc_normal_(std=.02), else PyTorch's"),
    ),
    "hf": (
        Choice("activation", "gelu", "self.activation = nn.GELU()"),
        Choice("drop_path_rule", "stage_index", "drop_path_rates[self.stage]"),
        Choice("drop_sum", True, "CvtOutput adds input_tensor, drop_path comes after"),
        Choice("init", "trunc_norm_all", "isinstance(module, (nn.Linear, nn.Conv2d))"),
    ),
    "lucidrains": (
        Choice("activation", "gelu", "nn.GELU()"),
        Choice("scale", "head_dim", "self.scale = dim_head ** -0.5"),
        Choice("qkv_bias", False, "self.to_q = DepthWiseConv2d(..., bias = False)"),
        Choice("shared", "kv", "self.to_kv = DepthWiseConv2d(dim, inner_dim * 2, ...)"),
        Choice("cls", no_stage, "self.to_logits: nn.AdaptiveAvgPool2d(1)"),
        Choice("final_norm", False, "self.to_logits: pool, Rearrange, nn.Linear"),
        Choice("embed", half_kernel, "padding = (config['emb_kernel'] // 2)"),
        Choice("drop_path_rule", "none", "x = attn(x) + x; x = ff(x) + x"),
        Choice("init", "pytorch", "no initialisation of its own"),
    ),
    "paper": (
        Choice(
            "activation",
            "gelu",
            'CvT names none; ViT, 3.1: "The MLP contains two layers with a GELU '
            'non-linearity", which its own paper defines as x Phi(x)',
        ),
        Choice(
            "scale",
            "head_dim",
            '3.2: "the original position-wise linear projection for Multi-Head '
            'Self-Attention (MHSA)" is all that changes; ViT, eq. 6: D_h^-1/2',
        ),
        Choice("qkv_bias", True, "3.2.1: a 1 x 1 convolution; CvT names no bias"),
        Choice(
            "shared",
            "none",
            '3: "is applied for query, key, and value embeddings respectively"',
        ),
        Choice(
            "cls",
            last_stage,
            '3: "the classification token is added only in the last stage"; it is on '
            'no "2D token map", so only the point-wise half can meet it',
        ),
        Choice(
            "final_norm",
            True,
            '3: "an MLP (i.e. fully connected) Head is utilized upon the '
            'classification token"; ViT, eq. 4, normalises it first',
        ),
        Choice(
            "embed",
            half_overlap,
            '3.1: "stride s-o and p padding"; table 2: 56, 28 and 14 tokens a side',
        ),
    ),
}

REST = {
    "microsoft": (
        "One image gives logits (K,): the batch axis is squeezed; here (1, K).",
        "A dropout after the embedding, 0 in every YAML, is not here.",
    ),
    "hf": (
        "layer_norm_eps = 1e-12 of its configuration is never read: 1e-5 here too.",
        "Projections 'avg' and 'linear' raise AttributeError there.",
        "The class token has the last stage's width in every stage: others crash.",
        "Dropouts sit elsewhere: one after the embedding, none after GELU.",
        "Depths up to the stage's number raise IndexError there, OptionError here.",
    ),
    "lucidrains": (
        "k and v are one point-wise convolution of twice the width: here two Linears.",
        "Dropout is drawn on the attention weights too.",
    ),
    "paper": (
        'Equation 2: "x_i is the unperturbed token"; in code and here LayerNorm is '
        "before it.",
        '"MLP head" is one Linear in table 2, and here.',
        "On initialisation and drop path the text is silent: as the official code.",
    ),
}
"""What is different too, and is no option here: crashes, and what 0 hides."""


def choices(config: Any) -> dict[str, Any]:
    """Fields that ``config.dialect`` sets, with their values for this config.

    What a dialect does not name it has in common with "microsoft".
    """
    named = {c.field: c for d in ("microsoft", config.dialect) for c in DIALECTS[d]}
    return {field: value_of(choice, config) for field, choice in named.items()}


def value_of(choice: Choice, config: Any) -> Any:
    """Return the value of a choice, worked out for ``config`` where it must be."""
    return choice.value(config) if callable(choice.value) else choice.value


def differences(dialect: str) -> list[Choice]:
    """Choices of a dialect that are not those of "microsoft"."""
    official = {choice.field: choice.value for choice in DIALECTS["microsoft"]}
    return [c for c in DIALECTS[dialect] if c.value != official[c.field]]
