"""Table 2, derived from models that ran: windows, heads, widths and maps of a stage."""

from __future__ import annotations

from minicvt.reconcile.running import Derive, kernel_and_stride, ran
from minicvt.reconcile.subjects import Subject


def output(stage: int) -> Derive:
    """Table 2: the size of a stage's map."""

    def derive(subject: Subject) -> str:
        (made,) = ran(subject, "conv2d", rf"^stage{stage}\.patch_embed")
        return f"{made.output[1]} x {made.output[2]}"

    return derive


def embedding(stage: int) -> Derive:
    """Table 2: kernel, channels and stride of a stage's token embedding."""

    def derive(subject: Subject) -> str:
        (made,) = ran(subject, "conv2d", rf"^stage{stage}\.patch_embed")
        kernel, stride = kernel_and_stride(made)
        return f"{kernel} x {kernel}, {made.output[3]}, stride {stride}"

    return derive


def convolution(stage: int) -> Derive:
    """Table 2: kernel and channels of the convolutional projection."""

    def derive(subject: Subject) -> str:
        made, *_ = ran(subject, "depthwise_conv2d", rf"^stage{stage}\.")
        kernel, _ = kernel_and_stride(made)
        return f"{kernel} x {kernel}, {made.output[3]}"

    return derive


def attention(stage: int) -> Derive:
    """Table 2: heads, and channels over all of them."""

    def derive(subject: Subject) -> str:
        made, *_ = ran(subject, "attend", rf"^stage{stage}\.")
        _, heads, _, width = made.output
        return f"H = {heads}, D = {heads * width}"

    return derive


def expansion(stage: int) -> Derive:
    """Table 2: how many times wider the MLP is inside."""

    def derive(subject: Subject) -> str:
        made, *_ = ran(subject, "linear", rf"^stage{stage}\..*mlp\.fc1")
        return f"R = {made.output[-1] // (made.inputs[0] or ())[-1]}"

    return derive


def blocks(stage: int) -> Derive:
    """Table 2: how often a stage attends."""
    return lambda s: f"x {len(list(ran(s, 'attend', rf'^stage{stage}.')))}"


def head_input(subject: Subject) -> str:
    """Table 2: what the head reads, a single token."""
    (made,) = ran(subject, "linear", "^head")
    rows = (made.inputs[0] or ())[:-1]
    return f"{rows[0]} x {rows[-1]}"


def classes(subject: Subject) -> str:
    """Table 2: how many logits there are."""
    (made,) = ran(subject, "linear", "^head")
    return str(made.output[-1])


OF_STAGES = {
    "output": output,
    "Conv. Embed.": embedding,
    "Conv. Proj.": convolution,
    "MHSA": attention,
    "MLP": expansion,
    "blocks": blocks,
}
ARCHITECTURE: dict[str, Derive] = {
    "Head output": head_input,
    "Head Linear": classes,
    **{f"{i + 1}: {k}": f(i) for i in range(3) for k, f in OF_STAGES.items()},
}
"""By row."""
