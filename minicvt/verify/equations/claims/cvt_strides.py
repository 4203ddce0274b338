"""CvT, section 3.2.2, second half: what striding keys and values saves."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from minicvt.grid import Grid
from minicvt.verify.equations.claim import claim, fixed
from minicvt.verify.equations.claims.cvt_costs import KEEPS
from minicvt.verify.equations.claims.cvt_tokens import NO_CLASS
from minicvt.verify.equations.pieces import Ran, attention, keys, ran
from minicvt.verify.equations.reading import About
from minicvt.verify.equations.row import Row, failing
from minicvt.verify.equations.sweep import Sweep, Window, centred

EVEN = "stride divides H and W"
PRODUCTS = "of the products alone"
ROUGHLY = 0.05
"""What passes for a rounded percentage: a twentieth of it."""
MODELS = (("cvt-13", 224), ("cvt-21", 224), ("cvt-w24", 224), ("cvt-13", 384))


def strided(sweep: Sweep) -> Iterator[tuple[Window, Grid]]:
    """Maps with windows that stride, then those that have a class token.

    Kernels are odd: with an even one the map of the queries would not stay as it is.
    """
    useful = [w for w in sweep.projections if w[0] % 2 and w[1] > 1]
    yield from ((window, Grid(*size)) for size in sweep.maps for window in useful)
    yield from ((window, Grid(*size, 1)) for size in sweep.last for window in useful)


def conditions(window: Window, grid: Grid) -> dict[str, bool]:
    """Say which of the conditions for t^2 times fewer keys are met."""
    stride = window[1]
    return {
        EVEN: grid.height % stride == grid.width % stride == 0,
        NO_CLASS: not grid.special,
        KEEPS: centred(window),
    }


def at_stride_1(window: Window, grid: Grid, dim: int) -> Ran:
    """Run the same attention with every key."""
    return attention(dim, (window[0], 1, window[0] // 2), grid)


def named(window: Window, grid: Grid) -> str:
    """Write a map of tokens and the window of its keys."""
    return "{}, k{} s{} p{}".format(grid, *window)


@claim(
    "cvt-E8",
    "section 3.2.2",
    r"\frac{T}{T_{kv}} = t^2 = 4",
    "With stride t = 2, the number of tokens for key and value is reduced 4 times.",
    expected="exact iff",
    conditions=(EVEN, NO_CLASS),
    sized=True,
    why="Keys lie at ceil(H / t) x ceil(W / t) places. A class token is a key that no "
    "stride reduces; it is in stage 3 alone.",
)
def key_tokens(sweep: Sweep) -> Iterator[Row]:
    """Count the keys that executed attention was given."""
    dim = sweep.channels[0]
    for window, grid in strided(sweep):
        full, less = at_stride_1(window, grid, dim), attention(dim, window, grid)
        ratio = Fraction(keys(full), keys(less))
        at = f"{named(window, grid)}, {keys(full)} to {keys(less)} keys"
        yield Row(at, window[1] ** 2, ratio, failing(conditions(window, grid)), "x")


@claim(
    "cvt-E9",
    "section 3.2.2",
    r"\frac{2 T^2 C}{2 T T_{kv} C} = t^2 = 4",
    "The cost is reduced by 4 times for the later MHSA operation.",
    expected="exact iff",
    conditions=(EVEN, PRODUCTS, NO_CLASS),
    sized=True,
    why="The two products, q k^T and the sum over v, have T_kv keys. The projections "
    "of q and of the output, and the depthwise convolution of q, stay as they are.",
)
def attention_costs(sweep: Sweep) -> Iterator[Row]:
    """Count the products of executed attention, and the layer around them."""
    dim = sweep.channels[0]
    for window, grid in strided(sweep):
        full, less = at_stride_1(window, grid, dim), attention(dim, window, grid)
        said, met = window[1] ** 2, conditions(window, grid)
        ratio = Fraction(full.products, less.products)
        at = named(window, grid)
        yield Row(f"products, {at}", said, ratio, failing(met), "x")
        ratio = Fraction(full.macs, less.macs)
        missing = failing(met | {PRODUCTS: False})
        yield Row(f"layer, C = {dim}, {at}", said, ratio, missing, "x")


@claim(
    "cvt-E9-model",
    "section 3.2.2, as it is often read",
    r"\frac{\mathrm{cost}(t = 1)}{\mathrm{cost}(t = 2)} = 4",
    "Stride 2 makes attention layers, or the model, 4 times cheaper.",
    expected="contradicted",
    why="Most multiply-adds are in the MLPs, which have no keys.",
)
@fixed
def whole_models() -> Iterator[Row]:
    """Lay keys, products, layers and models side by side, at stride 1 and 2."""
    for name, image in MODELS:
        full, less = ran(name, image, kv_stride=(1,)), ran(name, image)
        for stage, ratio in key_ratios(full, less).items():
            yield Row(f"{name} at {image}, keys of {stage}", 4, ratio, unit="x")
        costs = {
            "the two products": (full.products, less.products),
            "attention layers": (full.within(".attn."), less.within(".attn.")),
            "model": (full.macs, less.macs),
        }
        for what, (before, after) in costs.items():
            ratio = Fraction(before, after)
            yield Row(f"{name} at {image}, {what}", 4, ratio, unit="x")


def key_ratios(full: Ran, less: Ran) -> dict[str, Fraction]:
    """Return how many times fewer keys each stage has."""
    found = {}
    for a, b in zip(full.ledger.entries, less.ledger.entries, strict=True):
        if a.operation == "attend" and a.inputs[1] and b.inputs[1]:
            stage = f"stage {int(a.stage.removeprefix('stage')) + 1}"
            found[stage] = Fraction(a.inputs[1][2], b.inputs[1][2])
    return found


@claim(
    "cvt-T7",
    "section 4.4 and table 7",
    r"1 - \frac{4.53}{6.55} \approx 0.3",
    "Stride 2 takes 30 % fewer FLOPs.",
    reading=About(ROUGHLY),
    expected="approximate",
    why="The second row is the table's own figures, FLOPs as the authors count them.",
)
@fixed
def fewer() -> Iterator[Row]:
    """Compare with what executed models save, and with the table's own figures."""
    full, less = ran("cvt-13", kv_stride=(1,)), ran("cvt-13")
    saved = 100 * (1 - Fraction(less.macs, full.macs))
    yield Row("cvt-13 at 224", 30, saved, unit="%")
    yield Row("table 7", 30, 100 * (1 - Fraction("4.53") / Fraction("6.55")), unit="%")


CLAIMS = (key_tokens, attention_costs, whole_models, fewer)
