"""Solutions of 00, and mistakes that its checks must name."""

import minicvt as mc
from minicvt.accounting import kv_savings


def rows_after(height, kernel, stride, padding):
    """Equation (1): how often the window fits, rounded down."""
    return (height + 2 * padding - kernel) // stride + 1


def keys_seen(height, width, class_token):
    """Half of each side, rounded up, and the class token, which is never left out."""
    return (height + 1) // 2 * ((width + 1) // 2) + class_token


def savings_whole_model(name, image):
    """The ledger counts both; the ratio is in its last line."""
    savings = kv_savings(mc.models.variant(name), image)
    return next(s.ratio for s in savings if s.quantity == "MACs of the model")


def divides_exactly(height, kernel, stride, padding):
    """Forget to round down."""
    return (height + 2 * padding - kernel) / stride + 1


def quarter(height, width, class_token):
    """Take a quarter whatever the side, and the class token with it."""
    return (height * width + class_token) // 4


def four_times(name, image):
    """Take what attention saves for what the model saves."""
    return 4.0


MISTAKES = {
    "rows_after": [
        (divides_exactly, "rows_after(224, 7, 4, 2) is 56, yours says 56.2")
    ],
    "keys_seen": [(quarter, "keys_seen(14, 14, True) is 50, yours says 49")],
    "savings_whole_model": [(four_times, "yours says 4")],
}
