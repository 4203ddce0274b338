"""Bugs in the pullbacks of LayerNorm and BatchNorm, where most people make theirs."""

from __future__ import annotations

from minicvt.verify.audit.planted.planting import plant

XHAT_TERM = "dx -= xhat * (g * xhat).mean(axis=1, keepdims=True)"
PATHS = "dy - (dbias + xhat * dweight) / len(x)"

KERNELS = plant(
    "kernels.normalization.vectorized",
    {
        "layer_norm_backward": [
            ("gamma is forgotten", "g = weight * dy", "g = dy"),
            ("the mean is a constant", "g - g.mean(axis=1, keepdims=True)", "g.copy()"),
            ("the deviation is a constant", XHAT_TERM, "dx -= 0"),
            ("xhat is forgotten", XHAT_TERM, "dx -= (g * xhat).mean(1, keepdims=True)"),
            ("overwritten", XHAT_TERM, XHAT_TERM.replace("-=", "= -")),
            (
                "the unbiased variance",
                XHAT_TERM,
                f"{XHAT_TERM} * len(dx[0]) / (len(dx[0]) - 1)",
            ),
            ("the means of a column", "g - g.mean(axis=1,", "g - g.mean(axis=0,"),
            ("not divided by the deviation", "dx *= rstd[:, None]", "dx *= 1"),
            (
                "divided by the variance",
                "dx *= rstd[:, None]",
                "dx *= rstd[:, None] ** 2",
            ),
            ("dweight by x", "column_sum(dy * xhat)", "column_sum(dy * x)"),
            ("dweight has gamma", "column_sum(dy * xhat)", "column_sum(g * xhat)"),
            ("dbias has gamma", "column_sum(dy)", "column_sum(g)"),
            ("cotangent ignored", "g = weight * dy", "g = weight + 0 * dy"),
            ("what has arrived is forgotten", "dx += arrived", "pass"),
            ("what has arrived alone", "dx += arrived", "dx = arrived"),
            (
                "what has arrived is divided by the deviation",
                "dx += arrived",
                "dx += arrived * rstd[:, None]",
            ),
            (
                "writes into what has arrived",
                "dx += arrived",
                "dx = np.add(dx, arrived, out=arrived)",
            ),
            (
                "writes into its cotangent",
                "g - g.mean(axis=1, keepdims=True)",
                "np.subtract(g, g.mean(axis=1, keepdims=True), out=dy)",
            ),
        ],
        "batch_norm_backward": [
            ("the statistics are constants", PATHS, "dy.copy()"),
            ("the mean is a constant", "dbias + xhat * dweight", "xhat * dweight"),
            ("the variance is a constant", " + xhat * dweight)", ")"),
            ("gamma is forgotten", "dx *= weight * rstd", "dx *= rstd"),
            ("not divided by the deviation", "dx *= weight * rstd", "dx *= weight"),
            ("divided by N - 1", "/ len(x)", "/ (len(x) - 1)"),
            ("divided by the channels", "/ len(x)", "/ x.shape[1]"),
            ("the sum, not the mean", PATHS, "dy - (dbias + xhat * dweight)"),
            ("eps is forgotten", "np.sqrt(var + eps)", "np.sqrt(var)"),
            ("eps outside the root", "np.sqrt(var + eps)", "(np.sqrt(var) + eps)"),
            ("x is not centred", "xhat = (x - mean) * rstd", "xhat = x * rstd"),
            ("dweight by x", "column_sum(dy * xhat)", "column_sum(dy * x)"),
            ("cotangent ignored", PATHS, PATHS.replace("dy", "1")),
            (
                "writes into its cotangent",
                PATHS,
                "np.subtract(dy, (dbias + xhat * dweight) / len(x), out=dy)",
            ),
        ],
        "batch_norm_eval_backward": [
            ("gamma is forgotten", "dy * (weight * rstd)", "dy * rstd"),
            ("not divided by the deviation", "dy * (weight * rstd)", "dy * weight"),
            (
                "centred as in training",
                "dy * (weight * rstd)",
                "(dy - dy.mean(axis=0)) * (weight * rstd)",
            ),
            ("x is not centred", "(x - mean) * rstd", "x * rstd"),
            ("dweight not normalised", "(x - mean) * rstd", "x - mean"),
            ("eps is forgotten", "np.sqrt(var + eps)", "np.sqrt(var)"),
            (
                "the variance for the deviation",
                "1 / np.sqrt(var + eps)",
                "1 / (var + eps)",
            ),
            (
                "writes into its cotangent",
                "dy * (weight * rstd), dweight, column_sum(dy)",
                "np.multiply(dy, weight * rstd, out=dy), dweight, column_sum(dy)",
            ),
        ],
        "column_sum": [
            ("the mean", "x.sum(axis=0,", "x.mean(axis=0,"),
            ("the last row only", "x.sum(axis=0,", "x[-1:].sum(axis=0,"),
        ],
    },
)

OPERATIONS = plant(
    "ops.normalization",
    {
        name: [
            ("dweight and dbias exchanged", "dweight, dbias\n\n", "dbias, dweight\n\n"),
            (
                "in the other order",
                "dx.reshape(x.shape)",
                "dx.reshape(x.shape, order='F')",
            ),
        ]
        for name in ("_layer_norm_pullback", "batch_norm", "batch_norm_eval")
    }
    | {
        "_made_together": [
            ("the branch gets nothing", "lambda d: (d, d)", "lambda d: (d, 0 * d)"),
            ("the shortcut gets nothing", "lambda d: (d, d)", "lambda d: (0 * d, d)"),
            (
                "the branch alone is normalised",
                "_layer_norm_pullback(s,",
                "_layer_norm_pullback(branch,",
            ),
        ]
    },
)

BUGS = [*KERNELS, *OPERATIONS]
