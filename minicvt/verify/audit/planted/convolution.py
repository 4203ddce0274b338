"""Bugs in the pullbacks of convolutions and of the im2col they rest on."""

from __future__ import annotations

from minicvt.verify.audit.planted.planting import plant

UNFOLDING = plant(
    "ops.convolution",
    {
        "im2col": [
            (
                "the strides exchanged",
                "size, stride, padding)",
                "size, stride[::-1], padding)",
            ),
            (
                "the paddings exchanged",
                "stride, padding),)",
                "stride, padding[::-1]),)",
            ),
            ("the padding is forgotten", "stride, padding),)", "stride, (0, 0)),)"),
            (
                "the stride is forgotten",
                "size, stride, padding)",
                "size, (1, 1), padding)",
            ),
            (
                "divided by the window",
                "(kernels.col2im(d,",
                "(kernels.col2im(d / (kernel[0] * kernel[1]),",
            ),
            ("cotangent ignored", "kernels.col2im(d,", "kernels.col2im(0 * d + 1,"),
        ],
        "col2im": [
            (
                "the strides exchanged",
                "(d, kernel, stride,",
                "(d, kernel, stride[::-1],",
            ),
            (
                "the padding is forgotten",
                "kernel, stride, padding)",
                "kernel, stride, (0, 0))",
            ),
            ("the kernel's axes exchanged", "padding),)", "padding).swapaxes(3, 4),)"),
            ("the kernel is flipped", "padding),)", "padding)[:, :, :, ::-1, ::-1],)"),
            ("cotangent ignored", "(d, kernel,", "(0 * d + 1, kernel,"),
        ],
        "conv2d": [
            (
                "db of the last position",
                "column_sum(rows(d))",
                "column_sum(rows(d)[-1:])",
            ),
            (
                "db is averaged",
                "column_sum(rows(d))",
                "column_sum(rows(d)) / len(rows(d))",
            ),
            (
                "the kernel is flipped",
                "conv2d_input_grad(d, weight,",
                "conv2d_input_grad(d, weight[:, :, ::-1, ::-1],",
            ),
            (
                "dx ignores its cotangent",
                "conv2d_input_grad(d, weight",
                "conv2d_input_grad(0 * d + 1, weight",
            ),
            (
                "dW of the flipped map",
                "conv2d_weight_grad(d, x,",
                "conv2d_weight_grad(d, x[:, ::-1],",
            ),
            (
                "dW without the padding",
                "conv2d_weight_grad(d, x, kernel, stride, padding,",
                "conv2d_weight_grad(d, x, kernel, stride, (0, 0),",
            ),
            ("dx of the strides exchanged", "size, stride,", "size, stride[::-1],"),
        ],
        "depthwise_conv2d": [
            (
                "the kernel is flipped",
                "d, weight, size,",
                "d, weight[:, :, ::-1, ::-1], size,",
            ),
            ("dx of the strides exchanged", "size, stride,", "size, stride[::-1],"),
            (
                "dx ignores its cotangent",
                "d, weight, size,",
                "0 * d + 1, weight, size,",
            ),
            (
                "dW of the paddings exchanged",
                "kernel, stride, padding)",
                "kernel, stride, padding[::-1])",
            ),
        ],
    },
)

BUGS = UNFOLDING
