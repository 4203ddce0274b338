"""Solutions of 10, and mistakes that its checks must name."""

import numpy as np


def products_less(height, width, class_token):
    """T / T_kv: the products have T T_kv C multiply-adds each."""
    keys = (height + 1) // 2 * ((width + 1) // 2) + class_token
    return (height * width + class_token) / keys


def layer_macs(height, width, channels, stride):
    """Three depthwise, four linear, two products."""
    queries = height * width
    keys = -(-height // stride) * -(-width // stride)
    depthwise = 9 * channels * (queries + 2 * keys)
    linear = channels**2 * (2 * queries + 2 * keys)
    return depthwise + linear + 2 * queries * keys * channels


def nearest_explains(keys):
    """Three hidden keys to each kept one; the mean of each place is taken away."""
    keys = keys - keys.mean(axis=0)
    kept = keys[:, ::2, ::2]
    hidden = keys[:, ::2, 1::2], keys[:, 1::2, ::2], keys[:, 1::2, 1::2]
    wrong = sum(((one - kept) ** 2).sum() for one in hidden)
    return 1 - wrong / sum((one**2).sum() for one in hidden)


def four(height, width, class_token):
    """Believe (1)."""
    return 4.0


def without_the_class_token(height, width, class_token):
    """Let the stride take the class token too."""
    return height * width / ((height + 1) // 2 * ((width + 1) // 2))


def output_forgotten(height, width, channels, stride):
    """Leave the output's linear layer out."""
    queries = height * width
    keys = -(-height // stride) * -(-width // stride)
    depthwise = 9 * channels * (queries + 2 * keys)
    linear = channels**2 * (queries + 2 * keys)
    return depthwise + linear + 2 * queries * keys * channels


def quarter_of_a_key(height, width, channels, stride):
    """Divide the number of tokens by the stride squared, as some profilers do."""
    queries = height * width
    keys = queries / stride**2
    depthwise = 9 * channels * (queries + 2 * keys)
    linear = channels**2 * (2 * queries + 2 * keys)
    return depthwise + linear + 2 * queries * keys * channels


def kept_ones_too(keys):
    """Count the kept keys among the guessed: they are always right."""
    keys = keys - keys.mean(axis=0)
    guess = np.repeat(np.repeat(keys[:, ::2, ::2], 2, axis=1), 2, axis=2)
    return 1 - ((keys - guess) ** 2).sum() / (keys**2).sum()


def tiled(keys):
    """Lay the kept map out four times instead of each key."""
    keys = keys - keys.mean(axis=0)
    guess = np.tile(keys[:, ::2, ::2], (1, 2, 2, 1))
    hidden = np.ones(keys.shape[1:3], bool)
    hidden[::2, ::2] = False
    wrong = ((keys - guess)[:, hidden] ** 2).sum()
    return 1 - wrong / (keys[:, hidden] ** 2).sum()


MISTAKES = {
    "products_less": [
        (four, "products_less(7, 7, False) is 3.0625, yours says 4"),
        (without_the_class_token, "products_less(14, 14, True) is 3.94, yours says 4"),
    ],
    "layer_macs": [
        (output_forgotten, "layer_macs(8, 8, 4, 1) is"),
        (quarter_of_a_key, "layer_macs(7, 5, 6, 2) is"),
    ],
    "nearest_explains": [
        (kept_ones_too, "nearest_explains(array (6, 6, 8, 2)) is"),
        (tiled, "nearest_explains(array (6, 6, 8, 2)) is 1, yours says"),
    ],
}
