"""What tables 1, 2 and 5-8 say in words, derived from models that were built and run.

Nothing here reads a configuration: windows, maps and heads are those of the operations
that ran, positions those of the parameters that are there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from minicvt.accounting import Entry
from minicvt.reconcile.printed import DASH, TICK
from minicvt.reconcile.subjects import Subject

Derive = Callable[[Subject], str]


def kernel_and_stride(entry: Entry) -> tuple[int, int]:
    """Return how wide a window is and how far it moves, along the height.

    Stride is the map's height over that of what comes out, rounded up: right for all
    windows of these tables, whose padding makes up for their kernel.
    """
    before, after = entry.inputs[0] or (), entry.output
    kernel = after[3] if entry.operation == "im2col" else (entry.inputs[1] or ())[2]
    return kernel, -(-before[1] // after[1])


def ran(subject: Subject, operations: str, path: str) -> Iterator[Entry]:
    """Yield the operations of these kinds whose path has this pattern."""
    for entry in subject.ledger.entries:
        if entry.operation in operations.split() and re.search(path, entry.path):
            yield entry


def located(subject: Subject) -> list[str]:
    """Return the stages that have positions, of whatever kind."""
    names = [name for name, _ in subject.model.named_parameters()]
    return [n.split(".")[0] for n in names if re.search(r"pos_embed|score_bias", n)]


def stages(subject: Subject) -> list[str]:
    """Return the stages whose blocks attend."""
    return list(dict.fromkeys(e.stage for e in ran(subject, "attend", "^stage")))


def needs_positions(subject: Subject) -> str:
    """Table 1: whether the model has any."""
    return "yes" if located(subject) else "no"


def overlapping(subject: Subject) -> bool:
    """Whether any window that makes tokens is wider than it moves."""
    made = ran(subject, "conv2d im2col", r"^stem|patch_embed\.proj")
    return any(kernel > stride for kernel, stride in map(kernel_and_stride, made))


def token_embedding(subject: Subject) -> str:
    """Table 1: patches, or windows that are convolved or concatenated."""
    if not overlapping(subject):
        return "non-overlapping"
    cut = any(ran(subject, "im2col", "^stem"))
    return f"overlapping ({'concatenate' if cut else 'convolution'})"


def projection(subject: Subject) -> str:
    """Table 1: what of the map k and v are made of."""
    made = list(ran(subject, "conv2d depthwise_conv2d", r"conv_proj_(k|v|kv)\b"))
    if not made:
        return "linear"
    overlap = any(k > s for k, s in map(kernel_and_stride, made))
    return "convolution" if overlap else "spatial reduction"


def hierarchical(subject: Subject) -> str:
    """Table 1: whether tokens become fewer between blocks, or only as they are made."""
    if len(stages(subject)) > 1:
        return "yes"
    again = len(list(ran(subject, "im2col", "^stem"))) > 1
    return "partial (tokenization)" if again else "no"


def where_positions(subject: Subject) -> str:
    """Table 5: which stages have them; "Default" in a model of one stage."""
    there, every = located(subject), stages(subject)
    if not there:
        return "N/A"
    if len(every) == 1:
        return "Default"
    if there == every:
        return "Every stage"
    return {every[0]: "First stage", every[-1]: "Last stage"}[there[0]]


def tick(derive: Callable[[Subject], object]) -> Derive:
    """Return yes or a dash, as tables 6 and 8 do."""
    return lambda subject: TICK if derive(subject) else DASH


def kv_stride(subject: Subject) -> str:
    """Table 7: how far the windows of keys and values move."""
    made = map(kernel_and_stride, ran(subject, "depthwise_conv2d", "conv_proj_k"))
    return ", ".join(str(stride) for stride in dict.fromkeys(s for _, s in made))


def convolves(stage: int) -> Derive:
    """Table 8: whether this stage's q, k and v are convolutions."""
    path = rf"^stage{stage}\..*conv_proj_"
    return tick(lambda subject: any(ran(subject, "depthwise_conv2d", path)))


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
PROPERTIES: dict[str, Derive] = {
    "Needs PE": needs_positions,
    "Token Embedding": token_embedding,
    "Projection": projection,
    "Hierarchical": hierarchical,
    "Pos. Emb.": where_positions,
    "Conv. Embed.": tick(overlapping),
    "Pos. Embed.": tick(located),
    "KV stride": kv_stride,
    "Head output": head_input,
    "Head Linear": classes,
    **{f"Stage {i + 1}": convolves(i) for i in range(3)},
    **{f"{i + 1}: {k}": f(i) for i in range(3) for k, f in OF_STAGES.items()},
}
"""By what the paper calls a column, or a row of table 2."""
