"""What each profiler counts, as terms of our ledger, and why.

Found by reading each one's source. On CvT-13 every recipe gives what its profiler said
to the last integer; fvcore's and ptflops 0.6's do so on three CvTs at two sizes.
"""

from __future__ import annotations

from minicvt.reconcile.conventions import BIASES, CONVENTIONS, MACS, NO_PRODUCTS, Times

ROUNDED = "attention products, to four digits"
BROKEN = "biases of q, k and v where tokens come from a map alone"
RECIPES: dict[str, Times] = {
    "torch: FLOPs": {"MACs": 2},
    "fvcore: FLOPs": CONVENTIONS["as fvcore"] | {ROUNDED: 1},
    "ptflops: MACs, pytorch backend": CONVENTIONS["as ptflops"],
    "ptflops: MACs, aten backend": MACS | BIASES | {BROKEN: -1},
    "thop: MACs": NO_PRODUCTS | {"LayerNorm": 4, "BatchNorm": 4},
    "torchinfo: mult-adds": {
        "convolutions": 1,
        "biases of convolutions": 1,
        "Linear weights, once": 1,
        "biases of attention Linear, once": 1,
        "biases of other Linear, once": 1,
        "LayerNorm weights and biases, once": 1,
        "BatchNorm weights and biases, once": 1,
    },
    "calflops: FLOPs": {
        "MACs": 2,
        ROUNDED: 2,
        "biases of convolutions": 1,
        "LayerNorm": 5,
        "BatchNorm": 2,
        "softmax": 1,
        "activations": 1,
    },
    "calflops: MACs": NO_PRODUCTS,
    "ptflops 0.6: MACs": NO_PRODUCTS
    | {
        "biases of convolutions": 1,
        "biases of attention Linear, once": 1,
        "biases of other Linear, once": 1,
        "BatchNorm": 2,
    },
}
WHY = {
    "torch: FLOPs": "Every product, two FLOPs each, and nothing else.",
    "fvcore: FLOPs": "Products in einsum are read from NumPy's report, in four digits.",
    "ptflops: MACs, pytorch backend": "Hooks on modules see no einsum; GELU counts in "
    "its module and again in the function it calls.",
    "ptflops: MACs, aten backend": "A Linear on tokens that lie channel by channel is "
    "a matrix product and a sum, and sums are not counted.",
    "thop: MACs": "Hooks on modules see no einsum; norms count four an element.",
    "torchinfo: mult-adds": "Every layer but a convolution counts once, not once a "
    "token; what is no layer, as the products of attention, never.",
    "calflops: FLOPs": "Stops at einsum's list of operands; this is with them handed "
    "on one by one.",
    "calflops: MACs": "The same; einsum counts as FLOPs and not as MACs.",
    "ptflops 0.6: MACs": "The 4.06 G of microsoft/CvT#8, on the official code, whose "
    "own LayerNorm, QuickGELU and einsum have no hooks.",
}
