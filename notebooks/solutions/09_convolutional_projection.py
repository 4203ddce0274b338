"""Solutions of 09, and mistakes that its checks must name."""

import numpy as np


def projection_parameters(kind, channels, kernel):
    """Weights, biases, and BatchNorm's gain and shift."""
    if kind == "dense":
        return kernel**2 * channels**2 + channels
    linear = channels**2 + channels
    if kind == "linear":
        return linear
    return kernel**2 * channels + 2 * channels + linear


def depthwise_macs(height, width, channels):
    """The query's at every place, two at every other place, rounded up."""
    keys = (height + 1) // 2 * ((width + 1) // 2)
    return 9 * channels * (height * width + 2 * keys)


def nearest_separable(weight):
    """Keep the first term of each channel's singular value decomposition."""
    out, channels, high, wide = weight.shape
    flat = weight.transpose(1, 0, 2, 3).reshape(channels, out, high * wide)
    u, size, v = np.linalg.svd(flat, full_matrices=False)
    first = (u[:, :, 0] * size[:, :1])[:, :, None] * v[:, None, 0]
    return first.reshape(channels, out, high, wide).transpose(1, 0, 2, 3)


def without_batch_norm(kind, channels, kernel):
    """Count as the paper does: s^2 C more than linear."""
    extra = {"linear": 0, "separable": kernel**2 * channels}
    if kind == "dense":
        return kernel**2 * channels**2 + channels
    return channels**2 + channels + extra[kind]


def all_at_stride_1(height, width, channels):
    """Forget the stride of keys and values."""
    return 3 * 9 * channels * height * width


def a_quarter(height, width, channels):
    """Take a quarter of an odd map too, rounded down."""
    return 9 * channels * (height * width + 2 * (height // 2) * (width // 2))


def mean_over_outputs(weight):
    """Give every output the mean kernel: of rank one, and not the nearest."""
    return np.broadcast_to(weight.mean(axis=0), weight.shape)


def one_for_all_channels(weight):
    """Decompose the weight as a whole, not channel by channel."""
    u, size, v = np.linalg.svd(weight.reshape(len(weight), -1), full_matrices=False)
    return (size[0] * np.outer(u[:, 0], v[0])).reshape(weight.shape)


MISTAKES = {
    "projection_parameters": [(without_batch_norm, "is 4864, yours says 4736")],
    "depthwise_macs": [
        (all_at_stride_1, "depthwise_macs(28, 28, 8) is 84672, yours says 169344"),
        (a_quarter, "depthwise_macs(7, 7, 8) is 5832, yours says 4824"),
    ],
    "nearest_separable": [
        (mean_over_outputs, "nearest_separable(array (20, 12, 3, 3)) is"),
        (one_for_all_channels, "nearest_separable(array (20, 12, 3, 3)) is"),
    ],
}
