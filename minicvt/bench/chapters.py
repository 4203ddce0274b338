"""The words of ``minicvt bench`` that are comparisons, and how each runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from minicvt.bench import cases, operations, subjects
from minicvt.bench.cases import Asked, Case
from minicvt.bench.couples import Couples
from minicvt.bench.known import MODELS, OPERATIONS
from minicvt.bench.pairs import Pair, fresh, warm

SECONDS, BYTES = "wall", "peak"


class Chapter(NamedTuple):
    """Cases of one kind.

    ``prepare`` writes what goes in, ``run`` makes the rounds, in processes that are
    kept from one case to the next or not; ``quantity`` is what counts. Turns take
    ``turn`` seconds or more.
    """

    says: str
    cases: Callable[[Asked], list[Case]]
    kind: str = MODELS
    prepare: Callable[[Path, Mapping[str, Any]], None] = subjects.prepare
    run: Callable[[dict[str, Any], Couples], Pair] = warm
    keep: bool = False
    quantity: str = SECONDS
    turn: float = 0.4


CHAPTERS = {
    "inference": Chapter(
        "CvT-13 in float32, from images to probabilities, in a process that is warm; "
        "ours is folded.",
        cases.inference,
    ),
    "training": Chapter(
        "A step of CvT-13: forward, cross entropy, backward, AdamW, zero_grad.",
        cases.training,
    ),
    "toy": Chapter(
        "Such a step of c8w, the hello world, which is trained on digits of 8 x 8: "
        "forward, cross entropy, backward, AdamW, zero_grad.",
        cases.toy,
    ),
    "kernels": Chapter(
        "Operations at the shapes of CvT-13's stages, "
        f"{operations.IMAGES} images unless --batch says otherwise, through both "
        "engines: forward without a tape; the way back (dx, cotangent of x) as each "
        "engine's pullback alone. /2 is a stride. PyTorch's is the quickest of its "
        "layouts (NCHW, channels last) and its fused form "
        "(scaled_dot_product_attention); what it has no fused form of (residual + "
        "LayerNorm, bias + GELU) it does in two.",
        operations.operations,
        OPERATIONS,
        operations.draw,
        keep=True,
        turn=0.1,
    ),
    "start": Chapter(
        "Each round a new process: from its start, through imports and a checkpoint "
        "from a file, to the probabilities of one image. Kernels come from the cache.",
        cases.start,
        run=fresh,
    ),
    "memory": Chapter(
        "The most that a process ever had in memory (VmHWM), each round a new one: "
        "Python, libraries, weights and data are all in it.",
        cases.memory,
        run=fresh,
        quantity=BYTES,
    ),
    "growth": Chapter(
        "Inference of CvT-13 as images, keys and batches grow.",
        cases.growth,
        keep=True,
    ),
}
