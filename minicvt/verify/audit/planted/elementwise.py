"""Bugs in the pullbacks of elementwise operations."""

from __future__ import annotations

from minicvt.verify.audit.planted.planting import plant

BUGS = plant(
    "ops.elementwise",
    {
        "add": [
            ("the second input is forgotten", "(d, d)", "(d, 0 * d)"),
            ("each gets half", "(d, d)", "(d / 2, d / 2)"),
            ("the rule of subtract", "(d, d)", "(d, -d)"),
            ("cotangent ignored", "(d, d)", "(d, np.ones_like(d))"),
        ],
        "subtract": [
            ("the sign is lost", "(d, lambda: -d)", "(d, lambda: d)"),
            ("the sign is on the first", "(d, lambda: -d)", "(-d, lambda: d)"),
            ("cotangent ignored", "lambda: -d)", "lambda: -np.ones_like(d))"),
        ],
        "multiply": [
            ("each by itself", "lambda: d * y, lambda: d * x", "d * x, d * y"),
            ("the rule of a square", "lambda: d * y,", "lambda: 2 * d * y,"),
            ("cotangent ignored", "lambda: d * x", "lambda: x + 0 * d"),
        ],
        "divide": [
            ("the minus is forgotten", "-d * (x / y) / y", "d * (x / y) / y"),
            ("y is not squared", "-d * (x / y) / y", "-d * (x / y)"),
            ("x is forgotten", "-d * (x / y) / y", "-d / y / y"),
            ("cotangent ignored", "lambda: d / y,", "lambda: 0 * d + 1 / y,"),
        ],
        "maximum": [
            ("equal ones get all, both", "0.5 * (a == b)", "1.0 * (a == b)"),
            ("equal ones get nothing", "0.5 * (a == b)", "0.0 * (a == b)"),
            ("the rule of minimum", "(a > b) + 0.5", "(a < b) + 0.5"),
            ("both by the first", "d * share(y, x)", "d * share(x, y)"),
            ("cotangent ignored", "d * share(x, y)", "(0 * d + 1) * share(x, y)"),
        ],
        "where": [
            ("the branches exchanged", "condition, d, zero", "condition, zero, d"),
            ("the condition ignored", "np.where(condition, zero, d)", "d"),
            ("the second is forgotten", "condition, zero, d", "condition, zero, 0 * d"),
            ("cotangent ignored", "condition, d, zero", "condition, d * 0 + 1, zero"),
        ],
        "negative": [
            ("the sign is lost", "(-d,)", "(d,)"),
            ("the product with x", "(-d,)", "(-d * x,)"),
            ("cotangent ignored", "(-d,)", "(-np.ones_like(d),)"),
            ("writes into its cotangent", "(-d,)", "(np.negative(d, out=d),)"),
        ],
        "power": [
            ("the factor p is lost", "exponent * x **", "x **"),
            ("p is not lowered", "(exponent - 1)", "exponent"),
            ("p is lowered twice", "(exponent - 1)", "(exponent - 2)"),
            ("as if p were 2", "x ** (exponent - 1)", "x"),
            ("p = 0 hands it on", "d * 0", "d"),
        ],
        "exp": [
            ("by the input", "d * y", "d * x"),
            ("one less, as expm1 keeps", "d * y", "d * (y - 1)"),
            ("cotangent ignored", "d * y", "y + 0 * d"),
            ("writes into its cotangent", "d * y", "np.multiply(d, y, out=d)"),
        ],
        "log": [
            ("by the input", "d / x", "d * x"),
            ("by the output", "d / x", "d / np.log(x)"),
            ("cotangent ignored", "d / x", "0 * d + 1 / x"),
            ("the rule of log10", "d / x", "d / (x * np.log(10))"),
        ],
        "sqrt": [
            ("the half is lost", "d / (2 * y)", "d / y"),
            ("by the input", "(2 * y)", "(2 * x)"),
            ("upside down", "d / (2 * y)", "d * (2 * y)"),
            ("cotangent ignored", "d / (2 * y)", "0 * d + 1 / (2 * y)"),
        ],
        "abs": [
            ("the sign is forgotten", "d * np.sign(x)", "d"),
            ("1 at 0", "np.sign(x)", "np.where(x >= 0, 1, -1)"),
            ("the cotangent's sign", "d * np.sign(x)", "np.sign(d) * np.abs(x)"),
            ("cotangent ignored", "d * np.sign(x)", "np.sign(x) + 0 * d"),
        ],
        "tanh": [
            ("the 4 is lost", "4 * expit(2 * x)", "expit(2 * x)"),
            ("1 - y", "4 * expit(2 * x) * expit(-2 * x)", "1 - np.tanh(x)"),
            ("of x, not 2 x", "expit(2 * x) * expit(-2 * x)", "expit(x) * expit(-x)"),
            ("sigma(2x) twice", "expit(-2 * x)", "expit(2 * x)"),
        ],
        "sigmoid": [
            ("1 - sigma is lost", "d * y * expit(-x)", "d * y"),
            ("sigma is lost", "d * y * expit(-x)", "d * expit(-x)"),
            ("sigma squared", "expit(-x)", "expit(x)"),
            ("cotangent ignored", "d * y * expit(-x)", "0 * d + y * expit(-x)"),
        ],
    },
)
