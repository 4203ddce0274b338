"""Solutions of 07, and mistakes that its checks must name."""

import numpy as np


def tokens_of(height, width, patch):
    """One for each patch, and the class token."""
    return (height // patch) * (width // patch) + 1


def patch_rows(image, patch):
    """Rows and columns of patches first, then those inside a patch."""
    height, width, channels = image.shape
    split = image.reshape(height // patch, patch, width // patch, patch, channels)
    return split.transpose(0, 2, 1, 3, 4).reshape(-1, patch * patch * channels)


def order_after_swap(rows, columns):
    """Number the places, exchange the halves of every row, keep token 0 in front."""
    places = np.arange(1, 1 + rows * columns).reshape(rows, columns)
    return np.append(0, np.roll(places, columns // 2, axis=1))


def no_class_token(height, width, patch):
    """Count the patches alone."""
    return (height // patch) * (width // patch)


def reshape_alone(image, patch):
    """Forget the transpose."""
    return image.reshape(-1, patch * patch * image.shape[-1])


def halves_of_the_list(rows, columns):
    """Exchange the halves of the list of tokens: the upper and the lower one."""
    places = np.arange(1, 1 + rows * columns)
    return np.append(0, np.roll(places, len(places) // 2))


def class_token_too(rows, columns):
    """Let the class token wander with the places."""
    places = np.arange(rows * columns).reshape(rows, columns)
    return np.append(np.roll(places, columns // 2, axis=1), rows * columns)


MISTAKES = {
    "tokens_of": [(no_class_token, "tokens_of(224, 224, 16) is 197, yours says 196")],
    "patch_rows": [(reshape_alone, "patch_rows(array (8, 12, 3), 4) is")],
    "order_after_swap": [
        (halves_of_the_list, "order_after_swap(4, 8) is"),
        (class_token_too, "order_after_swap(1, 2) is"),
    ],
}
