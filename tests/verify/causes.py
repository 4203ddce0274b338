"""What the microscope should say of each planted mistake."""

from __future__ import annotations

from minicvt.verify.microscope.comparison import SAME

TANH = "the activation is the tanh approximation of GELU"
EXACT = "the activation is exact GELU, x Phi(x)"

FINGERPRINTS = {
    "no change": SAME,
    # every paper
    "GELU tanh instead of exact": TANH,
    "GELU tanh": TANH,
    "LayerNorm eps 1e-5 instead of 1e-6": "LayerNorm's eps is 1e-05",
    "LayerNorm eps 1e-6 instead of 1e-5": "LayerNorm's eps is 1e-06",
    "LayerNorm eps 1e-12 (HF default) instead of 1e-6": "LayerNorm's eps is 1e-12",
    "scale dim**-0.5 instead of head_dim**-0.5": "the scale is dim^-0.5",
    "q,k,v rows read per head (h,3,dh) instead of (3,h,dh)": (
        "rows of q, k, v are read per head"
    ),
    "q and k swapped": "q and k are exchanged",
    # DeiT
    "class head only": "the class head answers alone",
    "sum of heads instead of mean": "the heads are added, not averaged",
    "order (dist, cls, patches) instead of (cls, dist, patches)": (
        "the special tokens are in the other order"
    ),
    # PVT
    "patch-embed and sr norm eps 1e-6 instead of 1e-5": "LayerNorm's eps is 1e-06",
    "all eps 1e-5": "LayerNorm's eps is 1e-05",
    "no norm after the sr conv": "LayerNorm is missing",
    "v,k order instead of k,v": "k and v are exchanged",
    "no position entry for the class token": "special tokens have no position",
    "no patch-embed norm": "LayerNorm is missing",
    # T2T-ViT
    "token attention scale token_dim**-0.5 instead of (input dim)**-0.5": (
        "the token layer's scale is token_dim^-0.5"
    ),
    "backbone qk_scale embed_dim**-0.5 (what pretrained=True sets)": (
        "the scale is dim^-0.5"
    ),
    "sinusoid table in float64 (official rounds to float32)": (
        "the waves are not rounded to float32"
    ),
    "unfold rows (ky,kx,c) instead of (c,ky,kx)": (
        "windows are read as (row, column, channel)"
    ),
    "no v skip in the token attention": "the residual from v is missing",
    "rows read as q,k,v instead of k,q,v": "q and k of the token layer are exchanged",
    "denominator epsilon 0 instead of 1e-8": "the denominator's epsilon is 0",
    "denominator epsilon 1e-6": "the denominator's epsilon is 1e-06",
    "without the -|x|^2/2 term": "features lack -|x|^2 / 2",
    "without the 1/sqrt(m) factor (only the epsilon sees it)": (
        "features lack 1 / sqrt(m)"
    ),
    # CMT
    "patch-embed norm eps 1e-6 instead of 1e-5": "LayerNorm's eps is 1e-06",
    "block norm eps 1e-5 instead of 1e-6": "LayerNorm's eps is 1e-05",
    "BatchNorm eps 1e-3": "BatchNorm's eps is 0.001",
    "no relative position bias": "the bias of the scores is missing",
    "(qk + B)*scale instead of qk*scale + B": (
        "the bias is scaled too: scale (q k^T + B)"
    ),
    "IRFFN BN then GELU (instead of GELU then BN)": (
        "BatchNorm comes before the activation"
    ),
    "IRFFN BN(GELU(DW(x)))+x instead of BN(GELU(DW(x)+x))": (
        "the depthwise shortcut is outside: BN(g(DW h)) + h"
    ),
    "IRFFN without the DW shortcut": "the depthwise shortcut is missing: BN(g(DW h))",
    "LPU without shortcut": "local perception has no shortcut",
    "no BatchNorm after the sr conv": "BatchNorm is missing",
    "average pool before _fc/_bn/_swish instead of after": (
        "the mean is taken before the head looks"
    ),
    "GELU instead of swish in the head": (
        "the head's activation is exact GELU, x Phi(x)"
    ),
    "stem conv-BN-GELU instead of conv-GELU-BN": (
        "the stem has BatchNorm before the activation"
    ),
    # CeiT
    "ReLU after the stem BN": "ReLU follows the stem's BatchNorm",
    "LeFF with GELU after conv3+BN (paper eq.)": (
        "an activation follows the last BatchNorm"
    ),
    "class token unchanged by LeFF (x_cls, not x_cls+LN2(x_cls))": (
        "the class token is not fed forward"
    ),
    "no pos_layer_embed": "class tokens of layers have no position",
    "LCA without its first residual": "its first residual is missing",
    "no LCA: final norm on the last class token": (
        "layer-wise attention is missing: the last class token is read"
    ),
    "last block LeFF replaced by zero weights (dead code: must be 0)": (
        "weights are zero"
    ),
    "BN eps 1e-3": "BatchNorm's eps is 0.001",
}
"""By the labels of mutations.json."""

DIALECTS = {
    "activation": EXACT,
    "scale": "the scale is head_dim^-0.5",
    "qkv_bias": "q, k and v have no biases",
    "shared": "k and v share k's convolution",
    "cls": "there is no class token",
    "final_norm": "LayerNorm is missing",
    "embed": "the padding is half the kernel",
    "drop_sum": "drop path takes branch and residual together",
}
"""By the fields of CvT's configuration; the rules of drop path have their own names."""
