"""Bugs in the derivatives of GELU, its approximations, SiLU and ReLU."""

from __future__ import annotations

from minicvt.verify.audit.planted.planting import plant

BUGS = [
    *plant(
        "kernels.activation.vectorized",
        {
            "gelu_backward": [
                ("the path through Phi is lost", "(ndtr(z) + z * pdf)", "ndtr(z)"),
                ("z phi without z", "z * pdf", "pdf"),
                (
                    "the density of another width",
                    "np.exp(-z * z / 2)",
                    "np.exp(-z * z)",
                ),
                ("2 pi without its root", "math.sqrt(2 * math.pi)", "(2 * math.pi)"),
                (
                    "the tanh form's derivative",
                    "_with_bias(dy * (ndtr(z) + z * pdf), bias)",
                    "gelu_tanh_backward(dy, x, bias)",
                ),
                (
                    "writes into its cotangent",
                    "dy * (ndtr(z) + z * pdf)",
                    "np.multiply(dy, ndtr(z) + z * pdf, out=dy)",
                ),
            ],
            "gelu_tanh_backward": [
                ("the 3 of z^3 is lost", "3 * 0.044715", "0.044715"),
                ("the cubic term is forgotten", "(1 + 3 * 0.044715 * z * z)", "1"),
                ("tanh's 2 is lost from the slope", "2 * slope", "slope"),
                ("tanh's 2 is lost from sigma", "2 * _u(z)", "_u(z)"),
                (
                    "QuickGELU's derivative",
                    "_with_bias(dy * _gated_slope(z, 2 * _u(z), 2 * slope), bias)",
                    "quick_gelu_backward(dy, x + 0 * slope, bias)",
                ),
            ],
            "quick_gelu_backward": [
                ("SiLU's slope", "1.702 * z, 1.702", "1.702 * z, 1"),
                ("SiLU's sigma", "1.702 * z, 1.702", "z, 1.702"),
                ("1.072 for 1.702", "1.702 * z, 1.702", "1.702 * z, 1.072"),
                (
                    "exact GELU's derivative",
                    "_with_bias(dy * _gated_slope(z, 1.702 * z, 1.702), bias)",
                    "gelu_backward(dy, x, bias)",
                ),
            ],
            "silu_backward": [
                ("the path through sigma is lost", "z, z, 1)", "z, z, 0)"),
                ("sigma's sign", "z, z, 1)", "z, -z, 1)"),
                ("QuickGELU's slope", "z, z, 1)", "z, z, 1.702)"),
                ("of the cotangent, not of z", "(z, z, 1)", "(z, dy, 1)"),
            ],
            "_gated_slope": [
                ("the product rule's second half", "sigma + z * slope", "z * slope"),
                ("sigma' without 1 - sigma", " * (1 - sigma)", ""),
                ("z is forgotten", "z * slope * sigma", "slope * sigma"),
                ("u is taken for z", "expit(u)", "expit(z)"),
            ],
            "relu_backward": [
                ("1 at 0", "> 0", ">= 0"),
                ("handed on", "dy * (_sum(x, bias) > 0)", "dy"),
                ("by the output", "(_sum(x, bias) > 0)", "relu(x, bias)"),
                ("by the cotangent's sign", "(_sum(x, bias) > 0)", "(dy > 0)"),
                ("without its bias", "(_sum(x, bias) > 0)", "(x > 0)"),
                (
                    "writes into its cotangent",
                    "dy * (_sum(x, bias) > 0)",
                    "np.multiply(dy, _sum(x, bias) > 0, out=dy)",
                ),
            ],
            "_sum": [
                ("the bias is forgotten", "x if bias is None else x + bias", "x"),
                ("the bias is taken away", "x + bias", "x - bias"),
            ],
            "_with_bias": [
                ("the mean over rows", "dx.sum(axis=rows,", "dx.mean(axis=rows,"),
                ("summed over channels", "range(dx.ndim - 1)", "range(1, dx.ndim)"),
                ("what a product's bias gets", "dx.sum(", "np.ones_like(dx).sum("),
                ("the last row is left out", "dx.sum(", "dx[:-1].sum("),
            ],
        },
    ),
    *plant(
        "ops.activation",
        {
            "gelu": [
                ("the arguments exchanged", "(d, x, bias)", "(x, d, bias)"),
                ("back without the bias", "(d, x, bias)", "(d, x)"),
                (
                    "back by the output",
                    "kernels.gelu_backward(d, x, bias)",
                    "kernels.gelu_backward(d, kernels.gelu(x, bias), bias)",
                ),
            ],
            "gelu_tanh": [
                (
                    "exact GELU's way back",
                    "kernels.gelu_tanh_backward(d, x, bias)",
                    "kernels.gelu_backward(d, x, bias)",
                )
            ],
            "quick_gelu": [
                (
                    "SiLU's way back",
                    "kernels.quick_gelu_backward",
                    "kernels.silu_backward",
                )
            ],
            "silu": [
                (
                    "the bias is added twice",
                    "kernels.silu_backward(d, x, bias)",
                    "kernels.silu_backward(d, x + (0 if bias is None else bias), bias)",
                )
            ],
        },
    ),
]
