"""Solutions of 11, and mistakes that its checks must name."""

import minicvt as mc
from minicvt.reconcile.amounts import amounts


def shared_saves(channels):
    """Two of three go: s^2 C weights of the convolution, and 2C of its BatchNorm."""
    return 2 * (9 * channels + 2 * channels)


def smallest_side(channels, r=4):
    """2 T S C > 2 r C^2 T where S > r C: a quarter of the places exceeds r C."""
    side = 2
    while (side // 2) ** 2 <= r * channels:
        side += 2
    return side


def hooks_of_2021(side):
    """Modules alone: MACs without the products, and what each hook adds."""
    return counted(side, -1)


def counted(side, products):
    """Take every term as often as that tool does."""
    with mc.shapes_only():
        ledger = mc.count(mc.models.build("cvt-13"), image=(side, side))
    found = amounts(ledger)
    return (
        found["MACs"]
        + products * found["attention products"]
        + found["biases of convolutions"]
        + found["biases of attention Linear, once"]
        + found["biases of other Linear, once"]
        + 2 * found["BatchNorm"]
    )


def forgot_batch_norm(channels):
    """Share the convolutions and keep three BatchNorms."""
    return 2 * 9 * channels


def without_stride(channels, r=4):
    """Take as many keys as queries."""
    side = 2
    while side**2 <= r * channels:
        side += 2
    return side


def with_products(side):
    """Count what has no module."""
    return counted(side, 0)


MISTAKES = {
    "shared_saves": [(forgot_batch_norm, "is 1408, yours says 1152")],
    "smallest_side": [(without_stride, "(64) is 34, yours says 18")],
    "hooks_of_2021": [
        (with_products, "hooks_of_2021(224) is 4061952680, yours says 4570318504")
    ],
}
