"""Which equation of its paper a part of a model is."""

from __future__ import annotations

import re

Table = tuple[tuple[str, str], ...]

BLOCK: Table = (
    (r"\.attn\.(conv_)?proj_", "q, k, v = Linear(LN(x))"),
    (r"\.attn\b", "softmax(scale q k^T) v W"),
    (r"\.norm1\b", "x = x + attention(LN(x))"),
    (r"\.(mlp|norm2)\b|\.blocks\.\d+(\.drop_path)?$", "x = x + MLP(LN(x))"),
    (r"^norm\b|^head\b|^$", "y = Linear(LN(x))"),
)
"""What every paper has, where it says nothing of its own."""

EQUATIONS: dict[str, Table] = {
    "cvt": (
        (r"patch_embed", "equation 1: x_i = LN(Conv(x_{i-1}))"),
        (r"^stage\d(\.drop)?$", "x_i, in the last stage [class; x_i]"),
        (
            r"\.attn\.(conv_)?proj_[qkv]",
            "equation 2: q, k, v = Linear(Flatten(BN(DWConv(Reshape2D(x)))))",
        ),
    ),
    "vit": (
        (
            r"patch_embed|^stage0(\.drop)?$",
            "equation 1: z_0 = [class; patches E] + E_pos",
        ),
        (r"\.attn|\.norm1", "equation 2: z' = MSA(LN(z)) + z"),
        (r"\.mlp|\.norm2|\.blocks\.\d+$", "equation 3: z = MLP(LN(z')) + z'"),
        (r"^norm\b", "equation 4: y = LN(z_L^0)"),
    ),
    "deit": (
        (r"patch_embed|^stage0(\.drop)?$", "z_0 = [class; dist; patches E] + E_pos"),
        (r"^head|^$", "y = (head(LN(z_L^0)) + head_dist(LN(z_L^1))) / 2"),
    ),
    "pvt": (
        (r"patch_embed|^stage\d(\.drop)?$", "x = LN(Conv_{P,P}(x)) + E_pos"),
        (r"conv_proj_kv", "equation 3: SR(x) = Norm(Reshape(x, R) W^S)"),
        (
            r"\.attn\.proj_",
            "equation 2: head_j = Attention(x W^Q, SR(x) W^K, SR(x) W^V)",
        ),
        (r"\.attn\b", "equation 4: softmax(q k^T / sqrt(d_head)) v"),
    ),
    "t2t": (
        (r"^stem", "equation 1: T' = MLP(MSA(T))"),
        (r"patch_embed|^stage0(\.drop)?$", "T_f0 = [t_cls; T_f] + PE"),
        (r"\.attn|\.norm1|\.mlp|\.norm2|\.blocks", "equation 5: T = MLP(LN(z)) + z"),
        (r"^norm\b|^head\b|^$", "y = fc(LN(T_fb)^0)"),
    ),
    "cmt": (
        (r"^stem", "three times BN(GELU(Conv(x)))"),
        (r"patch_embed|^stage\d(\.drop)?$", "x = LN(Conv_{2,2}(x))"),
        (r"\.local", "LPU(x) = DWConv(x) + x"),
        (r"\.attn", "LMHSA(x) = softmax(Q K'^T / sqrt(d_k) + B) V'"),
        (r"\.mlp", "IRFFN(x) = Conv(F(Conv(x))), F(x) = DWConv(x) + x"),
        (r"^head|^$", "y = Linear(mean(swish(BN(Conv(x)))))"),
    ),
    "ceit": (
        (r"^stem", "I2T: x' = MaxPool(BN(Conv(x)))"),
        (r"patch_embed|^stage0(\.drop)?$", "[class; patches of x'] + E_pos"),
        (r"\.mlp\b|\.blocks\.\d+$", "LeFF: g(BN(Linear)), g(BN(DWConv)), BN(Linear)"),
        (r"^lca", "LCA: c' = c_L + softmax(q_L K^T / sqrt(d)) V, c' + MLP(LN(c'))"),
    ),
}


def equation_of(paper: str, path: str) -> str:
    """Return the equation that the module at ``path`` is in, or "" if there is none."""
    for fragment, equation in (*EQUATIONS.get(paper, ()), *BLOCK):
        if re.search(fragment, path):
            return equation
    return ""
