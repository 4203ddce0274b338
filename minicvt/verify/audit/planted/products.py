"""Bugs in the pullbacks of matrix products, attention and the loss."""

from __future__ import annotations

from minicvt.verify.audit.planted.planting import plant

PRODUCTS = plant(
    "ops.linear",
    {
        "matmul": [
            ("B is not transposed", "b.swapaxes(-1, -2)", "b"),
            ("A is not transposed", "a.swapaxes(-1, -2)", "a"),
            ("all axes are transposed", "b.swapaxes(-1, -2)", "b.T"),
            ("cotangent ignored", "matmul(d, b", "matmul(np.ones_like(d), b"),
            ("dA has another sign", "matmul(d, b", "matmul(-d, b"),
        ],
        "linear": [
            ("W is transposed", "(d, weight)", "(d, weight.T)"),
            (
                "dW is (in, out), reshaped",
                "matmul(d.T, rows(x))",
                "matmul(rows(x).T, d).reshape(weight.shape)",
            ),
            ("dW is averaged", ".T, rows(x))", ".T, rows(x)) / len(d)"),
            ("db of the last row", "column_sum(d)", "column_sum(d[-1:])"),
            ("db is averaged", "column_sum(d)", "column_sum(d) / len(d)"),
            (
                "dx ignores its cotangent",
                "(d, weight)",
                "(0 * d + 1, weight)",
            ),
        ],
    },
)

ATTENTION = plant(
    "kernels.attention.vectorized",
    {
        "softmax_backward": [
            ("the sum is forgotten", "(dy * y).sum(axis=-1, keepdims=True)", "0"),
            ("y is not in the sum", "(dy * y).sum", "dy.sum"),
            ("over the rows", "sum(axis=-1, keepdims=True)", "sum(axis=0)"),
            ("the mean", "(dy * y).sum", "(dy * y).mean"),
            ("y is forgotten", "return y * (dy - ", "return (dy - "),
            (
                "as if it were a sigmoid",
                "(dy * y).sum(axis=-1, keepdims=True)",
                "dy * y",
            ),
            (
                "writes into its cotangent",
                "y * (dy - (dy * y).sum(axis=-1, keepdims=True))",
                "np.multiply(y, dy - (dy * y).sum(-1, keepdims=True), out=dy)",
            ),
        ],
        "attend_backward": [
            ("dq without the scale", "dq *= scale", "dq *= 1"),
            ("dk without the scale", "dk *= scale", "dk *= 1"),
            ("dk scaled twice", "dk *= scale", "dk *= scale * scale"),
            ("the scale upside down", "dq *= scale", "dq /= scale"),
            (
                "no softmax on the way back",
                "softmax_backward(matmul(dout, v.swapaxes(-1, -2)), p)",
                "matmul(dout, v.swapaxes(-1, -2))",
            ),
            ("dv by the scores", "matmul(p.swap", "matmul(_scores(q, k, bias, 1).swap"),
            ("p is not transposed", "matmul(p.swapaxes(-1, -2), dout)", "p @ dout"),
            ("the bias is scaled", "else dscores", "else scale * dscores"),
            ("q and k exchanged", "return dq, dk", "return dk, dq"),
            ("the attention is a constant", "(dscores, k)", "(0 * dscores, k)"),
            ("dk by its own", "(dscores.swapaxes(-1, -2), q)", "(dscores.mT, dq)"),
            (
                "made again without the bias",
                "(q, k, bias, scale)",
                "(q, k, None, scale)",
            ),
            ("the norm is forgotten", "p /= total[..., None]", "p /= p.max()"),
        ],
    },
)

SOFTMAX = plant(
    "ops.attention",
    {
        "softmax": [
            ("the probabilities alone", "kernels.softmax_backward(rows(d), y)", "y"),
            ("the arguments exchanged", "(rows(d), y)", "(y, rows(d))"),
            ("of the input", "(rows(d), y)", "(rows(d), rows(x))"),
            ("in the other order", "reshape(d.shape)", "reshape(d.shape, order='F')"),
        ],
        "attend": [
            ("the arguments exchanged", "(d, q, k, v, bias", "(d, k, q, v, bias"),
            (
                "the square root is taken twice",
                "scale, largest, t",
                "scale**0.5, largest, t",
            ),
            ("cotangent ignored", "(d, q, k, v, bias", "(0 * d + 1, q, k, v, bias"),
            ("the bias is kept nowhere", "v, bias, scale, l", "v, None, scale, l"),
        ],
    },
)

LOSS = plant(
    "ops.losses",
    {
        "soft_cross_entropy": [
            ("not divided by the batch", "- targets) / batch", "- targets)"),
            (
                "divided by the classes",
                "targets) / batch",
                "targets) / logits.shape[1]",
            ),
            ("targets taken to sum to 1", "exp / norm * mass", "exp / norm"),
            ("exp is not normalised", "exp / norm * mass", "exp * mass"),
            ("cotangent ignored", "d * (exp", "(exp"),
            (
                "the sign",
                "(exp / norm * mass - targets)",
                "(targets - exp / norm * mass)",
            ),
            ("one mass for all", "targets.sum(axis=1, keepdims=True)", "targets.sum()"),
            (
                "the smaller ones are left out",
                "norm * mass -",
                "norm * mass * (exp > 0.1) -",
            ),
        ],
    },
)

BUGS = [*PRODUCTS, *ATTENTION, *SOFTMAX, *LOSS]
