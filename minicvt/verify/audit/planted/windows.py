"""Bugs in the kernels of convolutions: where windows are cut out and added back."""

from __future__ import annotations

from minicvt.verify.audit.planted.planting import plant

BUGS = [
    *plant(
        "kernels.unfolding.vectorized",
        {
            "col2im": [
                ("overwritten", "tap += columns", "tap[...] = columns"),
                (
                    "the kernel is flipped",
                    "[:, :, :, u, v]",
                    "[:, :, :, kh - 1 - u, kw - 1 - v]",
                ),
                ("the stride is forgotten", "(kh, kw), stride,", "(kh, kw), (1, 1),"),
                (
                    "off by one in the padding",
                    "unpad(padded, size, padding)",
                    "unpad(np.roll(padded, 1, axis=1), size, padding)",
                ),
            ]
        },
    ),
    *plant(
        "kernels.convolution.product",
        {
            "Convolution.conv2d_input_grad": [
                (
                    "columns overlap, overwritten",
                    "self.col2im(columns, size, stride, padding)",
                    "self.col2im(columns, size, kernel, padding)",
                ),
                (
                    "the kernel's axes exchanged",
                    "(*dy[part].shape[:3], *kernel)",
                    "(*dy[part].shape[:3], *kernel[::-1])",
                ),
                (
                    "a 1 x 1 kernel anyhow",
                    "if _pointwise(kernel, stride, padding):",
                    "if kernel == (1, 1):",
                ),
                (
                    "the first group's weight",
                    "groups), matrix)",
                    "groups), matrix[:1])",
                ),
                (
                    "cotangent ignored",
                    "_split(dy[part], groups)",
                    "_split(0 * dy[part] + 1, groups)",
                ),
            ],
            "Convolution.conv2d_weight_grad": [
                ("the last part only", "total += self", "total[...] = self"),
                (
                    "averaged over windows",
                    ".mT, windows)",
                    ".mT, windows) / windows.shape[1]",
                ),
                (
                    "cotangent ignored",
                    "_split(dy[part], groups)",
                    "_split(0 * dy[part] + 1, groups)",
                ),
                (
                    "windows of the first image",
                    "self._unfold(x[part]",
                    "self._unfold(x[:1]",
                ),
            ],
            "_oihw": [
                (
                    "OHWI taken for OIHW",
                    "reshape(groups * outs, *kernel, -1).transpose(0, 3, 1, 2)",
                    "reshape(groups * outs, -1, *kernel)",
                ),
                (
                    "height and width exchanged",
                    "transpose(0, 3, 1, 2)",
                    "transpose(0, 3, 2, 1)",
                ),
            ],
            "_merge": [
                (
                    "channels before groups",
                    "transpose(1, 2, 0, 3)",
                    "transpose(1, 2, 3, 0)",
                ),
                (
                    "groups before taps",
                    "transpose(1, 2, 0, 3)",
                    "transpose(1, 0, 2, 3)",
                ),
            ],
        },
    ),
    *plant(
        "kernels.depthwise.vectorized",
        {
            "depthwise_conv2d_input_grad": [
                ("overwritten", "tap += dy", "tap[...] = dy"),
                (
                    "the kernel is flipped",
                    "weight[:, 0, u, v]",
                    "weight[:, 0, ::-1, ::-1][:, u, v]",
                ),
                (
                    "the stride is forgotten",
                    "weight.shape[2:], stride,",
                    "weight.shape[2:], (1, 1),",
                ),
                ("one channel's kernel", "weight[:, 0, u, v]", "weight[:1, 0, u, v]"),
                ("cotangent ignored", "tap += dy *", "tap += (0 * dy + 1) *"),
                (
                    "off by one in the padding",
                    "unpad(padded, size, padding)",
                    "unpad(np.roll(padded, 1, axis=2), size, padding)",
                ),
            ],
            "depthwise_conv2d_weight_grad": [
                (
                    "of the first image",
                    '"bijc,bijc->bic", dy, tap',
                    '"bijc,bijc->bic", dy[:1], tap[:1]',
                ),
                ("averaged", "rows.sum((0, 1),", "rows.mean((0, 1),"),
                (
                    "the kernel is flipped",
                    "dweight[:, 0, u, v]",
                    "dweight[:, 0, ::-1, ::-1][:, u, v]",
                ),
                ("the stride is forgotten", "kernel, stride,", "kernel, (1, 1),"),
            ],
        },
    ),
    *plant(
        "kernels.strided",
        {
            "taps": [
                (
                    "the strides exchanged",
                    "(sh, sw), (rows, cols)",
                    "(sw, sh), (rows, cols)",
                ),
                (
                    "the kernel is flipped",
                    "yield u, v,",
                    "yield kernel[0] - 1 - u, kernel[1] - 1 - v,",
                ),
            ],
            "unpad": [
                (
                    "off by one in the padding",
                    "ph : ph + height",
                    "ph + 1 : ph + 1 + height",
                ),
                (
                    "height and width exchanged",
                    "(ph, pw), (height",
                    "(pw, ph), (height",
                ),
            ],
        },
    ),
]
