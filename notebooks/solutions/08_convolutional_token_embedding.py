"""Solutions of 08, and mistakes that its checks must name."""

from math import ceil


def sides_of(side, embeds):
    """Equation (1), again and again."""
    sides = []
    for kernel, stride, padding in embeds:
        side = (side + 2 * padding - kernel) // stride + 1
        sides.append(side)
    return tuple(sides)


def pixels_seen(embeds):
    """Equation (2): each kernel reaches further, in steps of all strides before it."""
    reach, apart = 1, 1
    for kernel, stride, _ in embeds:
        reach, apart = reach + (kernel - 1) * apart, apart * stride
    return reach


def windows_over(pixel, side, kernel, stride, padding):
    """Try every window that fits."""
    starts = range(-padding, side + padding - kernel + 1, stride)
    return sum(start <= pixel < start + kernel for start in starts)


def rounded_up(side, embeds):
    """Round up where the floor is."""
    sides = []
    for kernel, stride, padding in embeds:
        side = ceil((side + 2 * padding - kernel) / stride) + 1
        sides.append(side)
    return tuple(sides)


def always_from_the_image(side, embeds):
    """Begin each time with the image."""
    return tuple((side + 2 * p - k) // s + 1 for k, s, p in embeds)


def strides_alone(embeds):
    """Take how far tokens are apart for what they see."""
    apart = 1
    for _, stride, _ in embeds:
        apart *= stride
    return apart


def kernels_alone(embeds):
    """Forget that later kernels step over several pixels."""
    return 1 + sum(kernel - 1 for kernel, _, _ in embeds)


def everywhere_as_many(pixel, side, kernel, stride, padding):
    """Take one number for all pixels."""
    return ceil(kernel / stride)


def windows_without_end(pixel, side, kernel, stride, padding):
    """Forget that the last window must fit."""
    starts = range(-padding, side, stride)
    return sum(start <= pixel < start + kernel for start in starts)


MISTAKES = {
    "sides_of": [
        (rounded_up, "part 0: is 56, yours says 57"),
        (always_from_the_image, "part 1: is 28, yours says 112"),
    ],
    "pixels_seen": [
        (strides_alone, "is 31, yours says 16"),
        (kernels_alone, "is 31, yours says 11"),
    ],
    "windows_over": [
        (everywhere_as_many, "windows_over(0, 8, 3, 2, 1) is 1, yours says 2"),
        (windows_without_end, "windows_over(7, 8, 3, 2, 1) is 1, yours says 2"),
    ],
}
