"""Bugs in the pullbacks of pooling."""

from __future__ import annotations

from minicvt.verify.audit.planted.planting import plant

KERNELS = plant(
    "kernels.pooling.vectorized",
    {
        "max_pool2d_backward": [
            (
                "all into the first image",
                "(image * size[0] * size[1] + argmax)",
                "argmax",
            ),
            ("a square map", "size[0] * size[1]", "size[0] * size[0]"),
            (
                "overwritten, not added up",
                "np.bincount(flat.ravel(), dy.ravel(), minlength=int(np.prod(shape)))",
                "np.zeros(int(np.prod(shape))); total[flat.ravel()] = dy.ravel()",
            ),
            (
                "all channels into the first",
                "* channels + np.arange(channels)",
                "* channels",
            ),
            (
                "counts the winners",
                "dy.ravel(), minlength",
                "np.ones(dy.size), minlength",
            ),
        ],
        "avg_pool2d_backward": [
            ("not divided", "dy / count.astype(dy.dtype)", "dy"),
            (
                "the whole window everywhere",
                "dy / count.astype(dy.dtype)",
                "dy / (kernel[0] * kernel[1])",
            ),
            ("overwritten", "tap += share", "tap[...] = share"),
            (
                "the other divisor",
                "output, count_include_pad)",
                "output, not count_include_pad)",
            ),
            (
                "the stride is forgotten",
                "taps(padded, kernel, stride,",
                "taps(padded, kernel, (1, 1),",
            ),
            ("cotangent ignored", "dy / count", "(0 * dy + 1) / count"),
            (
                "writes into its cotangent",
                "dy / count.astype(dy.dtype)",
                "np.divide(dy, count.astype(dy.dtype), out=dy)",
            ),
        ],
        "_count": [
            ("the padding counts where it must not", "if padded:", "if not padded:"),
            ("the padding counts in front", "np.maximum(start, 0)", "start"),
        ],
    },
)

POOLING = plant(
    "ops.pooling",
    {
        "max_pool2d": [
            (
                "height and width exchanged",
                "winners, before)",
                "winners, before[::-1])",
            ),
            (
                "cotangent ignored",
                "(kernels.max_pool2d_backward(d,",
                "(kernels.max_pool2d_backward(0 * d + 1,",
            ),
            ("to one pixel further", "(d, winners,", "(d, np.maximum(winners - 1, 0),"),
        ],
        "avg_pool2d": [
            (
                "the strides exchanged",
                "before, kernel, stride, padding, count",
                "before, kernel, stride[::-1], padding, count",
            ),
            (
                "the padding always counts",
                "stride, padding, count_include_pad\n",
                "stride, padding, True\n",
            ),
        ],
    },
)

BUGS = [*KERNELS, *POOLING]
