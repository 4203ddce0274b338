# %% [markdown]
# # 09 · Convolutional projection
#
# **Afterwards you can** make queries, keys and values in the three ways of CvT's
# figure 3, say why the convolution is depthwise, and what it costs in parameters,
# multiply-adds and milliseconds.
#
# **You need** 03 (convolution, depthwise), 05 (attention), 07 (ViT) and 08 (token
# maps); for one exercise NumPy's singular value decomposition. **45 minutes.**
#
# Figure 3 of the paper, live: the first block of a trained CvT makes $q$, $k$ and $v$
# of one token map, (a) by a linear layer, (b) by a convolutional projection, (c) by one
# that is squeezed, which is what the model really does. The code can wait until you
# have read section 1.

# %% tags=["volatile"]
import numpy as np

import minicvt as mc
from minicvt import nn
from minicvt.lessons import check, show
from minicvt.viz.tokens import components

model = mc.trained("cvt-rgb32-mid")
image = mc.data.load("composites-mid", seed=0).test_images[0]
block = model.stages[0].blocks[0]
attn = block.attn


halves = {
    "q": (attn.conv_proj_q, attn.proj_q),
    "k": (attn.conv_proj_k, attn.proj_k),
    "v": (attn.conv_proj_v, attn.proj_v),
}


def project(name, x, way):
    """Make q, k or v of a token map (1, H, W, C), by figure 3 (a), (b) or (c)."""
    before, linear = halves[name]
    if way in "bc":
        stride = 2 if way == "c" and name in "kv" else 1
        x = mc.ops.depthwise_conv2d(x, before.conv.weight, stride=stride, padding=1)
        x = before.bn(x)
    return linear(x)


with mc.no_grad():
    tokens, grid = model.stages[0].embed(mc.Tensor(image[None]))
    x, _ = nn.unflatten(block.norm1(tokens), grid)
    made = {(way, n): project(n, x, way).numpy()[0] for way in "abc" for n in "qkv"}

ways = {"a": "linear", "b": "convolutional", "c": "squeezed"}


def titled(way, name, y):
    """Words over a map."""
    return f"{name}, {ways[way]} ({way})\n{y.shape[0]} x {y.shape[1]} tokens"


drawn = {titled(*key, y): components(y)[0][0] for key, y in made.items()}
mc.viz.maps(drawn, across=3)

# %% [markdown]
# Drawn is each map's first principal component, on its own scale, and of either sign.
# The linear weights are the same in all nine; the model was trained as (c). In (a) a
# place shows what its own token holds; in (b) and (c) its neighbours have a part in it,
# and in (c) keys and values are fewer. The frame is that of 08.
#
# ## 1 · Three ways to q, k and v
#
# All three are equation 2 of the paper, with different convolutions:
#
# $$ x_i^{q/k/v} = \operatorname{Flatten}\bigl(\operatorname{Conv2d}(
# \operatorname{Reshape2D}(x_i),\ s)\bigr) \tag{2} $$
#
# The tokens are laid out as a map (`nn.unflatten` here), a window of $s \times s$
# slides over it ($s$ is the side of the kernel again, as in 08's equation 1), and the
# map is made a list again (`nn.flatten`). The Conv2d is three things in a row: a
# **depthwise** convolution (each channel by itself), BatchNorm, and a **point-wise**
# one (each place by itself), which is a linear layer. In the library the first two are
# one layer, `DepthwiseBN`; the third is the linear layer that attention has anyway. As
# an option the whole is called `dw_bn`. First the layer, then attention, where
# `convolve` calls it and `project` is the linear layer:

# %%
from minicvt.nn import projection

show(projection.DepthwiseBN)

# %%
show(nn.Attention.forward)

# %% [markdown]
# Is the picture above what the model does? Listen to its own attention. Its $q$, $k$,
# $v$ arrive there as heads, `(B, h, T, d)`; with one head that is the list of tokens.

# %% tags=["volatile"]
with mc.observe() as events, mc.no_grad():
    model.stages[0](mc.Tensor(image[None]))

attend = next(e for e in events if getattr(e, "name", "") == "attend")
for name, heard in zip("qkv", attend.inputs, strict=False):
    own = made["c", name]
    print(name, "heard", heard.shape, "made", own.shape)
    assert np.abs(heard.numpy()[0, 0] - own.reshape(-1, own.shape[-1])).max() < 1e-4

# %% [markdown]
# **Predict**: the keys of (c) lie where every second row and column of (b)'s keys lie.
# How much do the two differ there? A little, because the stride sees other neighbours;
# or a lot; or not at all?

# %% tags=["volatile"]
my_guess = None

for name in "kv":
    every_second = made["b", name][::2, ::2]
    apart = np.abs(every_second - made["c", name]).max()
    print(f"{name}: at most {apart:.1e} apart, of {abs(every_second).max():.1f}")
    assert apart < 1e-4

# %% [markdown]
# Not at all. A stride changes nothing in what a window sees; it leaves windows out. So
# (c) is (b) with three of four keys thrown away unlooked at, and 10 asks what that
# costs. (In training there *is* a difference: BatchNorm takes its mean and variance
# over the places there are.)
#
# Where is (a) in this? It is the special case whose window is one place and whose
# BatchNorm does nothing. Put a 1 in the middle of the kernels and see:

# %%
init = nn.Init("float64", seed=0, scheme="xavier")
rng = np.random.default_rng(1)
layer = nn.conv_projection("dw_bn", 12, 1, "q", init=init).eval()
delta = np.zeros((12, 1, 3, 3))
delta[:, 0, 1, 1] = 1
layer.conv.weight.assign(delta)
layer.bn.running_var = np.full(12, 1 - layer.bn.eps)  # so that var + eps = 1

some, where = nn.flatten(mc.Tensor(rng.normal(size=(2, 5, 7, 12))))
out, out_grid = layer(some, where)
print("tokens", some.shape, "on", where, "->", out.shape, "on", out_grid)
same = np.abs(out.numpy() - some.numpy()).max() < 1e-15
print("what came out is what went in:", same)
assert same

# %% [markdown]
# And the class token, which CvT-13 has in its last stage? It lies nowhere, has no
# neighbours, and is on no map. It passes by the convolution *and the BatchNorm* and
# meets the linear layer alone. Nothing in (2) says so; a reimplementation that
# convolves $14 \cdot 14 + 1$ tokens cannot even lay them out, and one that normalises
# the class token is wrong in silence.

# %%
cls = mc.Tensor(rng.normal(size=(2, 1, 12)))
layer = nn.conv_projection("dw_bn", 12, 2, "kv", init=init).eval()
layer.bn.running_mean = rng.normal(size=12)
with_cls, where_cls = nn.flatten(nn.unflatten(some, where)[0], cls)
out, out_grid = layer(with_cls, where_cls)
print("tokens", with_cls.shape, "on", where_cls, "->", out.shape, "on", out_grid)
same = np.array_equal(out.numpy()[:, 0], cls.numpy()[:, 0])
print("the class token came out as it went in:", same)
assert same

# %% [markdown]
# **Predict**: after training BatchNorm is a fixed gain and shift. To save time,
# somebody multiplies both into the linear layer behind it. For which tokens is
# that right?

# %%
my_guess = None

linear = nn.Linear(12, 12, init=init)
gain = layer.bn.weight.numpy() / np.sqrt(layer.bn.running_var + layer.bn.eps)
shift = layer.bn.bias.numpy() - gain * layer.bn.running_mean
folded = nn.Linear(12, 12, init=init)
folded.weight.assign(linear.weight.numpy() * gain)
folded.bias.assign(linear.bias.numpy() + linear.weight.numpy() @ shift)

token_map, _ = nn.unflatten(with_cls, where_cls)
convolved, _ = nn.flatten(layer.conv(token_map), cls)  # no BatchNorm
apart = np.abs(folded(convolved).numpy() - linear(out).numpy()).max(axis=(0, 2))
print(f"places: off by at most {apart[1:].max():.0e}; class token: {apart[0]:.1f}")
assert apart[1:].max() < 1e-13 < apart[0]

# %% [markdown]
# For all that lie on the map, and not for the class token: the linear layer meets it
# too, and BatchNorm never did. A test without class tokens finds nothing wrong.
#
# ## 2 · Why depthwise
#
# A standard convolution, the **dense** one, mixes all channels of all places in its
# window: weight $(C, C, s, s)$, that is $s^2 C^2$ parameters, and $s^2 C^2 T$
# multiply-adds for $T$ tokens. The paper takes the convolution apart in two: depthwise
# with $s^2 C$, then point-wise with $C^2$. What is given up? Multiply the two out,
# leaving BatchNorm aside:
#
# $$ W_{o c u v} = P_{o c}\, D_{c u v} \tag{3} $$
#
# So a separable convolution *is* a dense one, with a particular weight.


# %%
def dense_weight(depthwise, pointwise):
    """Equation (3): (C, 1, s, s) and (O, C) to (O, C, s, s)."""
    return pointwise[:, :, None, None] * depthwise[None, :, 0]


D, P = rng.normal(size=(12, 1, 3, 3)), rng.normal(size=(20, 12))
a_map = mc.Tensor(rng.normal(size=(2, 5, 7, 12)))
filtered = mc.ops.depthwise_conv2d(a_map, mc.Tensor(D), padding=1)
in_two = mc.ops.linear(filtered, mc.Tensor(P))
W = dense_weight(D, P)
in_one = mc.ops.conv2d(a_map, mc.Tensor(W), padding=1)
print("dense weight", W.shape, "->", in_one.shape)
assert np.abs(in_one.numpy() - in_two.numpy()).max() < 1e-12

# %% [markdown]
# And the other way round: take any dense weight and find the separable one that comes
# nearest. For each input channel $c$ the dense weight is a matrix, outputs by places of
# the window, and (3) says that all its rows are multiples of one. The best such matrix
# is the first term of its singular value decomposition: that writes any matrix as a sum
# of such matrices, the largest first, and the squares of their sizes add up.


# %%
def kept_by_separable(weight):
    """Share of a dense weight's squares that the best separable one has."""
    out, channels, *_ = weight.shape
    by_channel = weight.transpose(1, 0, 2, 3).reshape(channels, out, -1)
    size = np.linalg.svd(by_channel, compute_uv=False)
    return (size[:, 0] ** 2).sum() / (size**2).sum()


# %% [markdown]
# **Predict**: how much of a random dense weight, 3 x 3, can a separable one keep?

# %%
my_guess = None

random = rng.normal(size=(64, 64, 3, 3))
print(f"of a random dense weight {kept_by_separable(random):.0%}", end=", ")
print(f"of one made by (3) {kept_by_separable(W):.0%}")
assert kept_by_separable(random) < 0.3 < kept_by_separable(W)

# %% [markdown]
# Every output of a separable convolution looks through the same nine-number window at a
# channel; a dense one has a window of its own for each. That is a lot to give up, for
# one reason only: the price.
#
# ## 3 · The price: $s^2 C$ against $s^2 C^2$
#
# One projection, on the map of CvT-13's second stage: linear, depthwise separable (b),
# and dense. What runs is what is counted: `mc.count` reads the stream of operations.

# %%
from minicvt.grid import Grid

DIM, GRID = 192, Grid(28, 28)
assert mc.models.variant("cvt-13").grids()[1] == GRID


class Separable(nn.Module):
    """Depthwise, BatchNorm, point-wise."""

    def __init__(self, dim, *, init):
        self.conv = nn.conv_projection("dw_bn", dim, 1, "q", init=init)
        self.proj = nn.Linear(dim, dim, init=init)

    def forward(self, tokens, grid):
        return self.proj(self.conv(tokens, grid)[0])


def three(dim):
    """Return the three projections, each called with tokens and grid."""
    init = nn.Init("float32", seed=0)
    linear = nn.Linear(dim, dim, init=init)
    dense = nn.conv_projection("dense", dim, 1, "q", init=init)
    separable = Separable(dim, init=init).eval()
    runs = {
        "linear": lambda tokens, grid: linear(tokens),
        "depthwise separable": separable,
        "dense": dense,
    }
    return runs, dict(zip(runs, (linear, separable, dense), strict=True))


def costs_of(dim, grid):
    """Parameters and MACs of each, by running it once."""
    runs, layers = three(dim)
    tokens = mc.Tensor(np.ones((1, grid.tokens, dim), np.float32))
    parameters = {name: layer.count_parameters() for name, layer in layers.items()}
    macs = {}
    for name, run in runs.items():
        with mc.no_grad(), mc.count() as ledger:
            run(tokens, grid)
        macs[name] = ledger.macs
    return {"parameters": parameters, "MACs": macs}


# %% [markdown]
# **Predict**: how many times as many MACs as the separable one does the dense
# projection take: $s^2 = 9$ times, more, or fewer? And how many per cent more than the
# linear one does the separable one take?

# %%
my_guess = (None, None)

counted = costs_of(DIM, GRID)
macs = counted["MACs"]
print(f"dense: {macs['dense'] / macs['depthwise separable']:.2f} times the separable")
print(f"separable: {macs['depthwise separable'] / macs['linear'] - 1:.1%} over linear")
mc.viz.bars(counted)

# %%
C, T = DIM, GRID.tokens
assert counted["MACs"]["linear"] == C**2 * T
assert counted["MACs"]["depthwise separable"] == (9 * C + C**2) * T
assert counted["MACs"]["dense"] == 9 * C**2 * T
assert counted["parameters"]["depthwise separable"] == 9 * C + 2 * C + C**2 + C

for dim in (16, 64, 192, 384, 1024):
    ratio = 9 * dim**2 / (9 * dim + dim**2)
    print(f"C = {dim:>4}: dense takes {ratio:.2f} times the MACs of separable")

# %% [markdown]
# (The bars compare with the *linear* one, and there it is $s^2$ exactly.) The $C^2$ of
# the point-wise half stays, so the ratio tends to $s^2$ and never reaches it. The paper
# leaves out two things: BatchNorm's gain and shift are $2C$ parameters more, and keys
# and values at stride 2 need a quarter of the multiply-adds each. A reader may well
# take section 3.2.2 to say "nine times". Tried on projections, and on whole models (the
# paper has three sizes of CvT), it is true of none:

# %%
from minicvt.verify.equations.commands import equations

unchanged = equations("cvt-E4-model") == 0
assert unchanged

# %% [markdown]
# ## 4 · Milliseconds
#
# A multiply-add of the depthwise convolution and one of the linear layer cost the same
# in the table. Do they on the machine?
#
# Measured in turns, so that a busy moment of the machine hits all of them, and the
# least time of each is kept:


# %%
from time import perf_counter

from minicvt import threads


def milliseconds(runs, *inputs, rounds=15):
    """Least time of each over some rounds, in turns, on one thread."""
    least = dict.fromkeys(runs, np.inf)
    with mc.no_grad(), threads.limit(1):
        for _ in range(rounds):
            for name, run in runs.items():
                begun = perf_counter()
                run(*inputs)
                least[name] = min(least[name], 1e3 * (perf_counter() - begun))
    return least


# %% [markdown]
# **Predict**: on this map the depthwise half has 9 of every $9 + C$ MACs of the
# separable projection. Is its share of the *time* as large, smaller, or larger?

# %% tags=["volatile"]
my_guess = None

runs, layers = three(DIM)
tokens = mc.Tensor(rng.normal(size=(8, GRID.tokens, DIM)).astype(np.float32))
first_half = {"first half": layers["depthwise separable"].conv}
times = milliseconds(runs | first_half, tokens, GRID)
share = times.pop("first half") / times["depthwise separable"]
print(f"depthwise and BatchNorm: {9 / (9 + DIM):.0%} of the MACs, ", end="")
print(f"{share:.0%} of the time")
mc.viz.bars({"milliseconds, eight maps": times} | counted)

# %% [markdown]
# A matrix product uses each number it has fetched hundreds of times, a depthwise
# convolution nine times: it waits for memory (that is the roofline of 04). So counting
# MACs flatters it: its share of the time is a multiple of its share of the MACs. How
# large a multiple depends on the machine. The dense one is a matrix product too, but
# through im2col (03), which first writes each number nine times. It takes the longest
# by far, in MACs as in milliseconds.
#
# The whole model, with its projections replaced. `projection` is an option of every
# model here, so "dense" really runs:

# %% tags=["volatile"]
x = rng.normal(size=(1, 224, 224, 3)).astype(np.float32)
methods = ("linear", "dw_bn", "dense")
nets = {m: mc.models.build("cvt-13", seed=0, projection=(m,)).eval() for m in methods}
whole = {
    "parameters": {name: net.count_parameters() for name, net in nets.items()},
    "MACs": {name: mc.count(net).macs for name, net in nets.items()},
    "milliseconds": milliseconds(nets, x, rounds=5),
}
mc.viz.bars(whole)

# %% [markdown]
# In the whole model dense projections are twice as dear, not nine times: the rest
# stays. See whether your milliseconds keep the order of the MACs. If they do not, run
# the cell again on a quiet machine before you look for a reason.
#
# **Predict**: the *linear* one has fewer parameters than CvT-13 and no convolution in
# its blocks. In which part of the model does it take more multiply-adds, and how many
# times as many?

# %%
my_guess = (None, None)

from minicvt.models.costs import costs
from minicvt.tables import table

variant = mc.models.variant("cvt-13")
both = costs(variant.override(projection=("linear",))), costs(variant)
linear, squeezed = both
macs = {
    part: [found.parts[part].macs if part in found.parts else 0 for found in both]
    for part in squeezed.parts
    if squeezed.parts[part].macs
}
print(table(("part", "linear", "CvT-13"), [(part, *two) for part, two in macs.items()]))
assert macs["attention products"][0] > 3.9 * macs["attention products"][1]
assert macs["convolutional projection"][1] < 0.01 * squeezed.total.macs
assert linear.total.macs > 1.4 * squeezed.total.macs

# %% [markdown]
# A linear layer has no stride: every token is a key, and the products of attention are
# four times as dear. What saves is the stride, then, not the convolution; a linear
# layer could skip three of four tokens as well. But it would not look at them at all,
# where windows of 3 at stride 2 overlap: every token has a part in some key. The
# convolution that makes this possible costs less than a hundredth of the model. That is
# the bargain of the paper, and the subject of 10.
#
# ## 5 · What is it worth?
#
# To compare (a) with (c) would be to compare two things at once: the convolution and
# the stride. So (a) with (b), every token a key on both sides; ten seeds, paired:

# %%
unchanged = equations("cvt-T8") == 0
assert unchanged

# %% [markdown]
# Here the convolution gains on all three tasks, most on pair8. 07 suggests why: without
# positions a ViT cannot tell left from right there. That proof does not bind this
# model, whose embeddings are padded (08); but its convolutions bring more of the same.
# And these are small models and small tasks, not CvT-13 on ImageNet. The paper's table
# 8 has 80.6 with linear and 81.6 with convolutional projections, stride included.
#
# ## 6 · Your turn
#
# Replace each `None`, run the cell, then the check below it, which says what is wrong.


# %% tags=["exercise"]
def projection_parameters(kind, channels, kernel):
    """Trained numbers of one projection: "linear", "separable" or "dense".

    With the bias of the linear layer or of the dense convolution; "separable" is
    depthwise without bias, BatchNorm, then linear, as in CvT.
    """
    return None


def depthwise_macs(height, width, channels):
    """MACs of all depthwise convolutions of one CvT block, kernel 3, on a map.

    There are three; queries have stride 1, keys and values stride 2 and padding 1.
    """
    return None


def nearest_separable(weight):
    """Of all weights (3), the one with the least squared distance from this.

    `weight` is (O, C, s, s), and so is the answer.
    """
    return None


# %% tags=["check"]
three_kinds = [
    (("linear", 64, 3), 64 * 64 + 64),
    (("separable", 64, 3), 9 * 64 + 2 * 64 + 64 * 64 + 64),
    (("dense", 64, 5), 25 * 64 * 64 + 64),
]
check(projection_parameters, *three_kinds)

even, odd = 9 * 8 * (28 * 28 + 2 * 14 * 14), 9 * 8 * (7 * 7 + 2 * 4 * 4)
check(depthwise_macs, ((28, 28, 8), even), ((7, 7, 8), odd))
dense = np.random.default_rng(5).normal(size=(6, 4, 3, 3))
flat = dense.transpose(1, 0, 2, 3).reshape(4, 6, 9)
u, size, v = np.linalg.svd(flat, full_matrices=False)
best = (size[:, :1, None] * u[:, :, :1] * v[:, :1]).reshape(4, 6, 3, 3)
check(nearest_separable, ((W,), W), ((dense,), best.transpose(1, 0, 2, 3)))

# %% [markdown]
# **Next**: (c) looks at one window in four. 10 asks what that saves, where "four times"
# is not true, and on which task it is too much.
