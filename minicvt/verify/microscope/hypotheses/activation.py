"""Which curve: papers that say "GELU" mean three functions."""

from __future__ import annotations

from minicvt import ops
from minicvt.nn import MLP, ConvMLP
from minicvt.nn.stems import ConvStem
from minicvt.verify.microscope.hypothesis import setting, suppose

CURVES = {
    "exact GELU, x Phi(x)": ops.gelu,
    "the tanh approximation of GELU": ops.gelu_tanh,
    "QuickGELU, x sigmoid(1.702 x)": ops.quick_gelu,
    "SiLU, x sigmoid(x)": ops.silu,
    "ReLU": ops.relu,
    "tanh": ops.tanh,
    "missing": lambda x: x,
}
"""The curves that are in use, each in words."""

HYPOTHESES = [
    suppose(
        f"the activation is {words}", (MLP, ConvMLP, ConvStem), setting(activation=f)
    )
    for words, f in CURVES.items()
]
