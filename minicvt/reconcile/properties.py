"""What tables 1 and 5-8 say in words, derived from models that were built and run.

Nothing here reads a configuration: windows, maps and heads are those of the operations
that ran, positions those of the parameters that are there.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from minicvt.reconcile.architecture import ARCHITECTURE
from minicvt.reconcile.printed import DASH, TICK
from minicvt.reconcile.running import Derive, kernel_and_stride, ran
from minicvt.reconcile.subjects import Subject


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


PROPERTIES: dict[str, Derive] = {
    "Needs PE": needs_positions,
    "Token Embedding": token_embedding,
    "Projection": projection,
    "Hierarchical": hierarchical,
    "Pos. Emb.": where_positions,
    "Conv. Embed.": tick(overlapping),
    "Pos. Embed.": tick(located),
    "KV stride": kv_stride,
    **{f"Stage {i + 1}": convolves(i) for i in range(3)},
    **ARCHITECTURE,
}
"""By what the paper calls a column, or a row of table 2."""
