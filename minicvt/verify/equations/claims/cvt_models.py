"""CvT, sections 3.3 and 4.1: positions, the class token, and models as wholes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from minicvt.grid import Grid
from minicvt.kernels.types import Array
from minicvt.models import variant
from minicvt.tensor import Tensor
from minicvt.verify.equations.claim import claim, fixed
from minicvt.verify.equations.pieces import Ran, ran
from minicvt.verify.equations.probe import apart, block_of, drawn, tokens_on
from minicvt.verify.equations.row import Row, failing

CONVOLUTION = "convolutional projections"
NO_TABLE = "no table of positions"


def seen_by(projection: str) -> Callable[[Array, Grid], Array]:
    """Return a block with random weights, as a function of tokens."""
    block = drawn(block_of(projection))
    return lambda x, grid: block(Tensor(x), grid).numpy()


@claim(
    "cvt-E10-structure",
    "section 3.3, removing positional embeddings",
    r"f(\pi x) \neq \pi f(x)",
    "Blocks without positions can model spatial relationships.",
    expected="exact iff",
    conditions=(CONVOLUTION,),
    why="With linear projections, as in ViT, a block is equivariant to any permutation "
    "of its tokens. A convolution is not; and as it pads with zeros, tokens that are "
    "all alike come out different near the border: positions leak in.",
)
@fixed
def sees_places() -> Iterator[Row]:
    """Shuffle tokens before a block and after it, and feed it tokens all alike."""
    grid, x = tokens_on(6, 7, 0, 8)
    order = np.random.default_rng(2).permutation(grid.places)
    for projection in ("dw_bn", "linear"):
        block, conv = seen_by(projection), projection != "linear"
        shuffled = apart(block(x[:, order], grid), block(x, grid)[:, order])
        same = block(np.broadcast_to(x[:, :1], x.shape).copy(), grid)
        leaked = apart(same, same[:, grid.places // 2 :][:, :1])
        missing = failing({CONVOLUTION: conv})
        yield Row(f"{projection}: notices shuffled tokens", True, shuffled > 0, missing)
        yield Row(f"{projection}: tells equal tokens apart", True, leaked > 0, missing)


@claim(
    "cvt-E10-size",
    "section 3.3, removing positional embeddings",
    r"|\theta(H \times W)| = |\theta(224 \times 224)|",
    "Without positions, the same parameters serve every input resolution.",
    expected="exact iff",
    conditions=(NO_TABLE,),
)
@fixed
def any_size() -> Iterator[Row]:
    """Count parameters of models for other sizes of images."""
    located: dict[str, Any] = {"positions": "every"}
    for name, options in (("cvt-13", {}), ("cvt-13", located), ("vit-b16", {})):
        missing = failing({NO_TABLE: name == "cvt-13" and not options})
        at_home = ran(name, **options).parameters
        for side in (192, 384):
            at = f"{name}{', positions' if options else ''} at {side}"
            yield Row(at, at_home, ran(name, side, **options).parameters, missing)


def linears_of_head(model: Ran) -> int:
    """Count the Linear layers that ran after the last stage."""
    linears = [e for e in model.ledger.entries if e.operation == "linear"]
    return sum(e.path.startswith(("head", "pre_logits")) for e in linears)


@claim(
    "cvt-E11",
    "section 3, and table 2",
    r"y = W z^{cls}_3",
    "The class token is added only in the last stage; an MLP (i.e. fully connected) "
    "head reads it.",
    why="An MLP in name: LayerNorm and one Linear, no hidden layer, as table 2 has it.",
)
@fixed
def class_token() -> Iterator[Row]:
    """Look for class tokens, and for what reads them."""
    for name in ("cvt-13", "cvt-21", "cvt-w24"):
        model = ran(name)
        names = dict(model.model.named_parameters())
        for stage in range(3):
            has = int(f"stage{stage}.cls_token" in names)
            at = f"{name}, stage {stage + 1}: class tokens"
            yield Row(at, int(stage == 2), has)
        yield Row(f"{name}: Linear layers of the head", 1, linears_of_head(model))


@claim(
    "cvt-E12",
    "section 4.1, model variants",
    r"X = L_1 + L_2 + L_3",
    "CvT-X has X transformer blocks in total.",
)
@fixed
def blocks() -> Iterator[Row]:
    """Count the attentions that ran."""
    for name, said in (("cvt-13", 13), ("cvt-21", 21), ("cvt-w24", 24)):
        ran_ = [e for e in ran(name).ledger.entries if e.operation == "attend"]
        depths = " + ".join(map(str, getattr(variant(name), "depths", ())))
        yield Row(f"{name}: {depths}", said, len(ran_))


@claim(
    "cvt-T2",
    "table 2, output sizes",
    r"224 \to 56 \to 28 \to 14",
    "The three stages have 56 x 56, 28 x 28 and 14 x 14 tokens.",
)
@fixed
def stages() -> Iterator[Row]:
    """Look at the token maps of executed models."""
    for name in ("cvt-13", "cvt-21", "cvt-w24"):
        entries = ran(name).ledger.entries
        for stage, side in enumerate((56, 28, 14)):
            path = f"stage{stage}.patch_embed.proj"
            shape = next(e.output for e in entries if e.path == path)
            yield Row(f"{name}, stage {stage + 1}", (side, side), shape[1:3])


CLAIMS = (stages, sees_places, any_size, class_token, blocks)
