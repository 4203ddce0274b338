"""ViT: its tokens, its heads, its head, and its table of sizes."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from functools import partial

import numpy as np

from minicvt.grid import Grid
from minicvt.nn import Attention, Conv2d
from minicvt.tensor import Tensor
from minicvt.verify.equations.claim import claim, fixed
from minicvt.verify.equations.claims.counting import M
from minicvt.verify.equations.claims.cvt_models import linears_of_head
from minicvt.verify.equations.claims.cvt_tokens import windows_of
from minicvt.verify.equations.pieces import layer, ran
from minicvt.verify.equations.probe import apart, drawn
from minicvt.verify.equations.reading import PRINTED
from minicvt.verify.equations.row import Row, failing
from minicvt.verify.equations.sweep import Sweep

DIVIDES = "P divides H and W"


@claim(
    "vit-N",
    "section 3.1",
    r"N = H W / P^2",
    "An image of H x W has N patches of P x P.",
    expected="exact iff",
    conditions=(DIVIDES,),
    sized=True,
    why="What does not fill a patch is left out.",
)
def patches(sweep: Sweep) -> Iterator[Row]:
    """Compare with patches that were cut."""
    for p in sorted({window[0] for window in sweep.windows}):
        for height, width in sweep.maps:
            if p <= min(height, width):
                made = windows_of((p, p, 0), (height, width))
                missing = failing({DIVIDES: height % p == width % p == 0})
                said = Fraction(height * width, p * p)
                at = f"{height} x {width}, P = {p}"
                yield Row(at, said, made[0] * made[1], missing, "patches")


@claim(
    "vit-eq1",
    "section 3.1, equation 1",
    r"x_p E,\quad x_p \in \mathbb{R}^{N \times (P^2 C)},\ "
    r"E \in \mathbb{R}^{(P^2 C) \times D}",
    "Patches are flattened and mapped by a Linear; the code has a convolution.",
    why="With kernel and stride P both are the same, whatever the order of E's rows.",
)
@fixed
def embedding() -> Iterator[Row]:
    """Compare the convolution with patches that are flattened and multiplied."""
    for p, height, width in ((4, 8, 12), (2, 6, 4)):
        conv = drawn(partial(Conv2d, 3, 8, p, p))
        x = np.random.default_rng(1).normal(size=(height, width, 3))
        cut = x.reshape(height // p, p, width // p, p, 3).transpose(0, 2, 4, 1, 3)
        rows = cut.reshape(-1, 3 * p * p) @ conv.weight.numpy().reshape(8, -1).T
        made = conv(Tensor(x[None])).numpy().reshape(-1, 8)
        at = f"{height} x {width}, P = {p}: largest difference"
        yield Row(at, 0.0, apart(rows + conv.bias.numpy(), made))


@claim(
    "vit-heads",
    "appendix A",
    r"D_h = D / k",
    "With heads of D / k, compute and parameters do not depend on the number of heads.",
)
@fixed
def heads() -> Iterator[Row]:
    """Count attention with one head and with many."""
    grid, dim = Grid(14, 14, 1), 768

    def cost(k: int) -> tuple[int, int]:
        made = layer(
            partial(Attention, dim, k, "linear", 1), grid.tokens, dim, grid=grid
        )
        return made.macs, made.parameters

    one = cost(1)
    for k in (2, 3, 6, 12, 24, 48):
        macs, parameters = cost(k)
        yield Row(f"MACs of 1 head and {k}, D = {dim}", one[0], macs)
        yield Row(f"parameters of 1 head and {k}, D = {dim}", one[1], parameters)


@claim(
    "vit-head",
    "section 3.1",
    r"\mathrm{MLP} \to \mathrm{Linear}",
    "The head has one hidden layer in pre-training, and is one Linear in fine-tuning.",
)
@fixed
def head() -> Iterator[Row]:
    """Count the Linear layers of both heads."""
    before, after = ran("vit-b16", representation=768), ran("vit-b16")
    yield Row("pre-training: Linear layers", 2, linears_of_head(before))
    yield Row("fine-tuning: Linear layers", 1, linears_of_head(after))


@claim(
    "vit-T1",
    "table 1",
    r"|\theta| = 86,\ 307,\ 632\ \mathrm{M}",
    "ViT-Base, Large and Huge have the printed parameters.",
    reading=PRINTED,
    expected="contradicted",
    why="307M is ViT-L/32, whose patches have more weights, and not the ViT-L/16 that "
    "the paper compares with. 86M is ViT-B/16 cut, not rounded.",
)
@fixed
def sizes() -> Iterator[Row]:
    """Count them with every patch that the paper has."""
    printed = (
        ("vit-b16", "86"),
        ("vit-b32", "86"),
        ("vit-l16", "307"),
        ("vit-l32", "307"),
        ("vit-h14", "632"),
    )
    for name, text in printed:
        made = Fraction(ran(name).parameters, M)
        yield Row(f"parameters of {name}", Decimal(text), made, unit="M")


CLAIMS = (patches, embedding, heads, head, sizes)
