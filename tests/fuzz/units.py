"""What the graphs of the fuzz are made of: a value in, one of the same shape out.

Values are tokens ``(B, H W, C)``. No unit has a corner: where float32 falls on the
other side of one than float64, both libraries are as wrong as they can be.
"""

from __future__ import annotations

from collections.abc import Callable

from tests.fuzz.program import Builder

Unit = Callable[[Builder, int], int]

CURVES = ("tanh", "sigmoid", "gelu", "gelu_tanh", "quick_gelu", "silu")


def curve(b: Builder, x: int) -> int:
    """g(x), any smooth activation."""
    return b.call(b.draw.one_of(*CURVES), x)


def affine(b: Builder, x: int) -> int:
    """x * row + row."""
    channels = b.shape(x)[-1]
    return b.call("add", b.call("multiply", x, b.leaf(channels)), b.leaf(1, channels))


def number(b: Builder, x: int) -> int:
    """(number - x) / 2, by broadcasting a number; then -x."""
    apart = b.call("subtract", b.leaf(), x)
    return b.call("negative", b.call("multiply", apart, b.leaf(1)))


def bounded(b: Builder, x: int) -> int:
    """x / (x^2 + e^a), or its root or logarithm."""
    square = b.call("power", x, exponent=2)
    below = b.call("add", square, b.call("exp", b.leaf(1, 1, b.shape(x)[-1])))
    kind = b.draw.one_of("divide", "sqrt", "log")
    return b.call("divide", x, below) if kind == "divide" else b.call(kind, below)


def mlp(b: Builder, x: int) -> int:
    """Linear, activation, Linear."""
    channels, hidden = b.shape(x)[-1], b.draw.size(2, 6)
    h = b.call("linear", x, b.leaf(hidden, channels), b.leaf(hidden))
    return b.call("linear", curve(b, h), b.leaf(channels, hidden))


def tied(b: Builder, x: int) -> int:
    """One weight twice: Linear of Linear."""
    channels = b.shape(x)[-1]
    weight, bias = b.leaf(channels, channels), b.leaf(channels)
    return b.call("linear", b.call("linear", x, weight, bias), weight)


def norm(b: Builder, x: int) -> int:
    """LayerNorm, or BatchNorm in training."""
    channels, kind = b.shape(x)[-1], b.draw.one_of("layer_norm", "batch_norm")
    return b.call(kind, x, b.leaf(channels, center=1.2), b.leaf(channels), eps=0.01)


def residual_norm(b: Builder, x: int) -> int:
    """s + g(LayerNorm(s)), where s = x + g(x): a block without its parts."""
    channels, branch = b.shape(x)[-1], curve(b, x)
    affine = b.leaf(channels, center=1.2), b.leaf(channels)
    both = b.call("add_layer_norm", x, branch, *affine, eps=0.01)
    s, y = (b.call("getitem", both, index=i) for i in (0, 1))
    return b.call("add", s, curve(b, y))


def centre(b: Builder, x: int) -> int:
    """X less a part of its mean over the tokens: all of it, twice, leaves nothing."""
    mean = b.call("mean", x, axis=1, keepdims=True)
    return b.call("subtract", x, b.call("multiply", mean, b.leaf(b.shape(x)[-1])))


def taken(b: Builder, x: int) -> int:
    """Tokens in any order, some twice."""
    tokens = b.shape(x)[1]
    index = b.draw.rng.integers(-tokens, tokens, tokens)
    return b.call("getitem", x, index=(slice(None), index))


def shifted(b: Builder, x: int) -> int:
    """Zeros in front, and what hangs over behind is cut off."""
    tokens, by = b.shape(x)[1], b.draw.size(1, 2)
    longer = b.call("pad", x, widths=((0, 0), (by, 0), (0, 0)))
    return b.call("getitem", longer, index=(slice(None), slice(0, tokens)))


def chosen(b: Builder, x: int) -> int:
    """Here x, there a row."""
    row = b.call("broadcast_to", b.leaf(b.shape(x)[-1]), shape=b.shape(x))
    return b.call("where", x, row, condition=b.draw.normal(*b.shape(x)) > 0)


def mixed(b: Builder, x: int) -> int:
    """A softmax over tokens, the same for every sample, times the tokens."""
    tokens = b.shape(x)[1]
    return b.call("matmul", b.call("softmax", b.leaf(tokens, tokens)), x)


def gram(b: Builder, x: int) -> int:
    """Tokens times tokens turned, times tokens: one value three times."""
    turned = b.call("transpose", x, axes=(0, 2, 1))
    return b.call("matmul", b.call("softmax", b.call("matmul", x, turned)), x)


def attention(b: Builder, x: int) -> int:
    """Two heads, each part by a Linear of its own."""
    batch, tokens, channels = b.shape(x)

    def heads() -> int:
        y = b.call("linear", x, b.leaf(channels, channels), b.leaf(channels))
        parted = b.call("reshape", y, shape=(batch, tokens, 2, channels // 2))
        return b.call("transpose", parted, axes=(0, 2, 1, 3))

    y = b.call("attend", heads(), heads(), heads(), scale=0.7)
    merged = b.call("transpose", y, axes=(0, 2, 1, 3))
    return b.call("reshape", merged, shape=(batch, tokens, channels))


def local(b: Builder, x: int) -> int:
    """One of the maps: depthwise, grouped, averaged, or unfolded and folded again."""
    batch, tokens, channels = b.shape(x)
    rows = 3 if tokens % 3 == 0 else 2
    y = b.call("reshape", x, shape=(batch, rows, tokens // rows, channels))
    y = b.draw.one_of(depthwise, grouped, averaged, folded)(b, y)
    return b.call("reshape", y, shape=(batch, tokens, channels))


def depthwise(b: Builder, x: int) -> int:
    """3 x 3, one kernel a channel."""
    weight = b.leaf(b.shape(x)[-1], 1, 3, 3)
    return b.call("depthwise_conv2d", x, weight, stride=(1, 1), padding=(1, 1))


def grouped(b: Builder, x: int) -> int:
    """3 x 1, channels in one or two groups."""
    channels, groups = b.shape(x)[-1], b.draw.one_of(1, 2)
    weight, bias = b.leaf(channels, channels // groups, 3, 1), b.leaf(channels)
    window = {"stride": (1, 1), "padding": (1, 0), "groups": groups}
    return b.call("conv2d", x, weight, bias, **window)


def averaged(b: Builder, x: int) -> int:
    """Means of 3 x 3."""
    window = {"kernel": (3, 3), "stride": (1, 1), "padding": (1, 1)}
    more = {"ceil_mode": False, "count_include_pad": b.draw.one_of(False, True)}
    return b.call("avg_pool2d", x, **window, **more)


def folded(b: Builder, x: int) -> int:
    """Every window weighted, then added back where it was cut out."""
    window = {"stride": (1, 2), "padding": (1, 0)}
    size = b.shape(x)[1:3]
    columns = b.call("im2col", x, kernel=(2, 2), **window)
    weighted = b.call("multiply", columns, b.leaf(*b.shape(columns)[3:]))
    return b.call("col2im", weighted, size=size, **window)


POINTWISE: tuple[Unit, ...] = (curve, affine, number, bounded, mlp, tied, taken, chosen)
"""Units for a part of the tokens, however many those are."""

UNITS: tuple[Unit, ...] = (
    *POINTWISE,
    norm,
    residual_norm,
    centre,
    shifted,
    mixed,
    gram,
    attention,
    local,
)
