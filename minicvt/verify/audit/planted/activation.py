"""Bugs in the derivatives of GELU, its approximations, and SiLU."""

from __future__ import annotations

from minicvt.verify.audit.planted.planting import plant

BUGS = [
    *plant(
        "kernels.activation.vectorized",
        {
            "gelu_backward": [
                ("the path through Phi is lost", "(ndtr(x) + x * pdf)", "ndtr(x)"),
                ("x phi without x", "x * pdf", "pdf"),
                (
                    "the density of another width",
                    "np.exp(-x * x / 2)",
                    "np.exp(-x * x)",
                ),
                ("2 pi without its root", "math.sqrt(2 * math.pi)", "(2 * math.pi)"),
                (
                    "the tanh form's derivative",
                    "return dy * (ndtr(x) + x * pdf)",
                    "return gelu_tanh_backward(dy, x)",
                ),
                (
                    "writes into its cotangent",
                    "return dy * (ndtr(x) + x * pdf)",
                    "return np.multiply(dy, ndtr(x) + x * pdf, out=dy)",
                ),
            ],
            "gelu_tanh_backward": [
                ("the 3 of x^3 is lost", "3 * 0.044715", "0.044715"),
                ("the cubic term is forgotten", "(1 + 3 * 0.044715 * x * x)", "1"),
                ("tanh's 2 is lost from the slope", "2 * slope", "slope"),
                ("tanh's 2 is lost from sigma", "2 * _u(x)", "_u(x)"),
                (
                    "QuickGELU's derivative",
                    "_gated_backward(dy, x, 2 * _u(x), 2 * slope)",
                    "quick_gelu_backward(dy, x) + 0 * slope",
                ),
            ],
            "quick_gelu_backward": [
                ("SiLU's slope", "1.702 * x, 1.702", "1.702 * x, 1"),
                ("SiLU's sigma", "1.702 * x, 1.702", "x, 1.702"),
                ("1.072 for 1.702", "1.702 * x, 1.702", "1.702 * x, 1.072"),
                (
                    "exact GELU's derivative",
                    "_gated_backward(dy, x, 1.702 * x, 1.702)",
                    "gelu_backward(dy, x)",
                ),
            ],
            "silu_backward": [
                ("the path through sigma is lost", "x, x, 1)", "x, x, 0)"),
                ("sigma's sign", "x, x, 1)", "x, -x, 1)"),
                ("QuickGELU's slope", "x, x, 1)", "x, x, 1.702)"),
                ("of the cotangent, not of x", "(dy, x, x, 1)", "(dy, x, dy, 1)"),
            ],
            "_gated_backward": [
                ("the product rule's second half", "(sigma + x * slope", "(x * slope"),
                ("sigma' without 1 - sigma", " * (1 - sigma)", ""),
                ("x is forgotten", "x * slope * sigma", "slope * sigma"),
                ("cotangent ignored", "dy * (sigma", "(0 * dy + 1) * (sigma"),
            ],
        },
    ),
    *plant(
        "ops.activation",
        {
            "_apply": [
                (
                    "the arguments exchanged",
                    "d.reshape(-1), x.reshape(-1)",
                    "x.reshape(-1), d.reshape(-1)",
                ),
                (
                    "flattened in another order",
                    "d.reshape(-1)",
                    "d.reshape(-1, order='F')",
                ),
            ]
        },
    ),
]
