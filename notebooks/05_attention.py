# %% [markdown]
# # 05 · Attention
#
# **Afterwards you can** write attention in five lines and say what each shape means,
# split heads without mixing tokens up, prove that attention does not know the order of
# its tokens, count and measure what it costs as they grow, and walk it backwards.
#
# **You need** notebook 01 (what a pullback is); 02 for the word *gradcheck*.
# **40 minutes**, of which the computer works for seconds.
#
# Below, one token of a trained model asks: the small square. The numbers say how much
# of its answer comes from where, for two *heads*, which ask differently.

# %%
import time
import tracemalloc

import numpy as np

import minicvt as mc
from minicvt import threads
from minicvt.lessons import check, show

image = mc.data.load("composites-mid", seed=0).test_images[5]
mc.viz.attention(mc.trained("cvt-rgb32-mid"), image, stage=1, query=(2, 3))

# %% [markdown]
# The rest of this page is about how such numbers come about, what they cost and how
# they learn. A convolution (notebook 03) takes its numbers from a fixed window with
# fixed weights. Attention takes them from everywhere, with weights that it computes
# from what it finds.
#
# ## 1 · Query, key, value
#
# Each of $T$ tokens, a vector of $C$ numbers, makes three vectors of itself, by three
# linear maps: a **query** (what I look for), a **key** (what I am found by) and a
# **value** (what I give). How well a query fits a key is their inner product. Then
#
# $$ \operatorname{Attention}(Q, K, V) =
# \operatorname{softmax}\!\left(\frac{Q K^\top}{\sqrt{d}}\right) V \tag{1} $$
#
# (equation 1 of Vaswani et al., 2017), where $d$ is the length of a key. In NumPy:

# %%
rng = np.random.default_rng(0)
T, C = 6, 8
tokens = rng.normal(size=(T, C))
Wq, Wk, Wv = 1.5 * rng.normal(size=(3, C, C)) / C**0.5


def softmax(x):
    """Make rows positive, with sum 1."""
    powers = np.exp(x)
    return powers / powers.sum(axis=-1, keepdims=True)


q, k, v = tokens @ Wq.T, tokens @ Wk.T, tokens @ Wv.T  # (T, C) each
scores = q @ k.T / C**0.5  # (T, T): who asks, whom
p = softmax(scores)  # (T, T)
y = p @ v  # (T, C)
print("q, k, v", q.shape, "scores", scores.shape, "p", p.shape, "y", y.shape)
mc.viz.matrices({"p: a row asks, a column is asked": p}, form=".2f", square=0.42)

# %% [markdown]
# **Predict**: what do the rows of $p$ add up to, and what the columns? What would it
# mean if a column's sum were 0?

# %%
my_guess = (None, None)

print("rows:   ", p.sum(axis=1).round(3))
print("columns:", p.sum(axis=0).round(3))
assert np.allclose(p.sum(axis=1), 1)
assert p.sum(axis=0).min() < 0.7 < 1.5 < p.sum(axis=0).max()

# %% [markdown]
# Rows add up to 1: whoever asks gets a weighted **mean** of values, never more than
# there is. Columns need not: some tokens are asked by all, others by hardly anyone. A
# token whose column is 0 gives nothing to this layer. (Nothing is raised where
# somebody takes the softmax along the wrong axis. Look at the sums.)
#
# The library has it as one operation, for a batch of images and several heads at once,
# `(B, h, T, d)`. There are $S$ keys, here as many as tokens, and a value has $e$
# numbers, here as many as a key. Tiles and the way back are for sections 6 and 7:

# %%
show(mc.ops.attend)
ours = mc.ops.attend(*(mc.Tensor(a[None, None]) for a in (q, k, v)), scale=C**-0.5)
assert np.abs(ours.numpy()[0, 0] - y).max() < 1e-14

# %% [markdown]
# ## 2 · Softmax without overflow
#
# **Predict**: in float32, how large may a score be before the `softmax` above breaks?
# 89, 1,000 or a million?

# %%
my_guess = None

for largest in (80, 88, 89, 1000):
    row = np.array([[0, largest / 2, largest]], np.float32)
    with np.errstate(all="ignore"), np.printoptions(precision=1):  # it would warn
        print(f"{row[0]}: naive {softmax(row)[0]}, ours {mc.kernels.softmax(row)[0]}")

assert 88 < np.log(np.finfo(np.float32).max) < 89

# %% [markdown]
# $e^{89}$ is no number in float32. But a softmax does not change when the same number
# is added to all scores of a row, as it cancels in the quotient:
#
# $$ \operatorname{softmax}(x)_s = \frac{e^{x_s - m}}{\sum_j e^{x_j - m}}
# \quad\text{for any } m, \text{ so take } m = \max_j x_j. \tag{2} $$
#
# Then the largest power is $e^0 = 1$, and what underflows, as the first weight in the
# row of 88 does, is as good as 0.

# %%
show(mc.kernels.softmax.body("numpy"))

# %% [markdown]
# Remember that shift: in section 7 a whole parameter turns out to do nothing because
# of it.
#
# Why the $\sqrt d$ in equation (1)? An inner product of $d$ numbers of size 1, random
# in sign, has size about $\sqrt d$. Without the division long keys make large scores,
# and a softmax of large scores has one 1 and nothing to learn from: its derivative,
# $p (1 - p)$, is 0 at both ends. The slopes below are those of a row, added up.

# %%
for width in (4, 64, 1024):
    some_q, some_k = rng.normal(size=(2, 200, width))
    plain = some_q @ some_k.T
    for name, by in (("q k     ", 1), ("q k / √d", width**0.5)):
        weights = mc.kernels.softmax(plain / by)
        size, largest = (plain / by).std(), weights.max(axis=1).mean()
        slopes = (weights * (1 - weights)).sum(axis=1).mean()
        print(f"d = {width:4}, {name}: scores of size {size:5.2f},", end=" ")
        print(f"largest weight {largest:.2f}, slopes {slopes:.3f}")

# %% [markdown]
# CvT's official code divides by $\sqrt C$ with the whole width $C$, not by the $\sqrt
# d$ of a head: its scores are smaller, and attention starts out flatter. `scale="dim"`
# and `scale="head_dim"` are both in the library.
#
# ## 3 · Heads, and the mistake that has no error message
#
# One mean of values is one question. **Heads** ask several: the $C$ channels are cut
# into $h$ runs of $d = C/h$, each does equation (1) on its own, and the answers are
# laid side by side again. It takes no more multiply-adds: $h$ products of width $d$ are
# as much work as one of width $C$. All there is to do is to cut, and it is easily done
# wrong.
#
# Here are four tokens of six channels. The number 23 is *token 2, channel 3*.

# %%
named = 10 * np.arange(4)[:, None] + np.arange(6)
right = named.reshape(4, 2, 3).transpose(1, 0, 2)  # (T, h, d), then (h, T, d)
pictures = {
    "tokens, 4 x 6": named,
    "head 0, 4 x 3": right[0],
    "head 1, 4 x 3": right[1],
}
mc.viz.matrices(pictures, {t: m // 10 for t, m in pictures.items()}, form="02d")

# %% [markdown]
# Colour says which token a number is of. Both heads hold all four tokens; head 0 the
# first half of their channels, head 1 the second. The library does the same with a
# batch in front:

# %%
from minicvt.nn.attention import merge_heads, split_heads

show(split_heads)

# %% [markdown]
# **Predict**: the wanted shape is `(h, T, d)`, so why not `reshape(h, T, d)` at once?
# Which tokens does head 0 then hold?

# %%
my_guess = None

wrong = named.reshape(2, 4, 3)
pictures = {
    "tokens, 4 x 6": named,
    "head 0, 4 x 3": wrong[0],
    "head 1, 4 x 3": wrong[1],
}
assert wrong.shape == right.shape
assert set((wrong[0] // 10).ravel()) == {0, 1}
mc.viz.matrices(pictures, {t: m // 10 for t, m in pictures.items()}, form="02d")

# %% [markdown]
# A reshape never moves a number: it reads memory in order and draws other lines. So
# head 0 gets the first half of the *tokens*, each cut in two "tokens" of three
# channels, and no head sees the whole image. Shapes are right and nothing is
# raised. What finds it are two questions about what must hold: does every
# token hear of a change of token 3? And do shuffled tokens get the shuffled answers?


# %%
def split_wrong(x, heads):
    """Forget the transpose."""
    batch, count, width = x.shape
    return x.reshape(batch, heads, count, width // heads)


def merge_wrong(parts):
    """Forget it on the way back, too."""
    batch, heads, count, width = parts.shape
    return parts.reshape(batch, count, heads * width)


def attend_by(split, merge, x):
    """Attend in two heads, with x as query, key and value."""
    parts = split(mc.Tensor(x), 2)
    return merge(mc.ops.attend(parts, parts, parts, scale=1.0)).numpy()


x = rng.normal(size=(1, 4, 6))
touched = x.copy()
touched[0, 3] += 1
order = [2, 0, 3, 1]
for name, ways in {
    "both right": (split_heads, merge_heads),
    "both wrong": (split_wrong, merge_wrong),
    "split wrong": (split_wrong, merge_heads),
}.items():
    answers = attend_by(*ways, x)
    changed = np.abs(attend_by(*ways, touched) - answers).max(axis=(0, 2)) > 1e-12
    gap = np.abs(attend_by(*ways, x[:, order]) - answers[:, order]).max()
    print(f"{name:11}: heard by tokens {np.flatnonzero(changed)},", end=" ")
    print(f"shuffled answers are apart by {gap:.0e}")
    assert (gap < 1e-14) == (name == "both right")

# %% [markdown]
# The first question finds the mistake made twice, the second finds it either way. Ask
# such questions of any attention you write: they are one line each, and neither shapes
# nor errors will answer them.
#
# Now the whole layer, as the models use it. `observe` tells every shape on the way: the
# projections, the split (reshape, transpose), equation (1), the merge, and one more
# linear map, which lets the heads speak to each other. (`Init` draws the parameters,
# and `kv_stride=1` makes a key of every token; notebook 10 is about fewer.)

# %%
from minicvt.grid import Grid

init = mc.nn.Init("float64", seed=0)
layer = mc.nn.Attention(12, 3, "linear", kv_stride=1, init=init).eval()
x = mc.Tensor(rng.normal(size=(2, 20, 12)))  # two images, 20 tokens, 12 channels
grid = Grid(4, 5)  # where the 20 tokens lie
with mc.observe() as events:
    layer(x, grid)
for event in events:
    if hasattr(event, "name"):
        came = " ".join(str(t.shape) for t in event.inputs if t is not None)
        print(f"{event.path:7} {event.name:10} {came} -> {event.output.shape}")

# %% [markdown]
# ## 4 · Attention does not know the order
#
# **Predict**: somebody shuffles the 20 tokens before this layer. What happens to its
# output? And what if the same is done to the layer that CvT uses, with a convolution
# in front of q, k and v (`dw_bn`, notebook 09)?

# %%
my_guess = (None, None)


def shuffled(layer, x, order):
    """Compare the answer for shuffled tokens with the shuffled answer."""
    there, later = layer(mc.Tensor(x[:, order]), grid).numpy(), layer(x, grid).numpy()
    return np.abs(there - later[:, order]).max() / np.abs(later).max()


convolving = mc.nn.Attention(12, 3, "dw_bn", kv_stride=2, init=init).eval()
gaps = {"linear": [], "dw_bn": []}
for seed in range(5):
    order = np.random.default_rng(seed).permutation(20)
    gaps["linear"].append(shuffled(layer, x.numpy(), order))
    gaps["dw_bn"].append(shuffled(convolving, x.numpy(), order))
for name, found in gaps.items():
    print(f"{name:6}: A(P x) and P A(x) are apart by up to {max(found):.0e}")
assert max(gaps["linear"]) < 1e-14
assert min(gaps["dw_bn"]) > 1e-3

# %% [markdown]
# With linear projections the output is shuffled likewise, and nothing else has
# happened:
#
# $$ A(P x) = P A(x) \quad\text{for every permutation } P. \tag{3} $$
#
# This is **permutation equivariance**. To such a layer an image is a bag of patches: a
# 6 and any jumble of its pieces are the same bag. ViT adds *positions* to its tokens
# for this reason (notebook 07). CvT's convolution breaks (3) by itself: it knows who is
# beside whom.
#
# ## 5 · T squared, counted and seen
#
# A score for each pair of tokens. Twice as fine a grid has four times the tokens and
# sixteen times the scores. Here are all weights of a made-up head, whose queries and
# keys are the place and the grey of a pixel, over the same digit at three sizes, a
# square a pair, drawn to scale:


# %%
def weights_over(side):
    """Let each pixel of a digit attend to pixels near it and of its own grey."""
    digit = mc.data.load("digits16", seed=0).test_images[2][..., 0]
    step = 16 // side
    grey = digit.reshape(side, step, side, step).mean(axis=(1, 3))
    places = np.stack(np.meshgrid(*[np.linspace(-1, 1, side)] * 2), axis=-1)
    features = np.concatenate([2.5 * places, 4 * grey[..., None] - 2], axis=-1)
    flat = features.reshape(side * side, 3).astype(np.float64)
    return mc.kernels.softmax(flat @ flat.T)


weights = {f"{s} x {s}": weights_over(s) for s in (4, 8, 16)}
shown = {n: np.minimum(w * len(w), 8) for n, w in weights.items()}  # 1 is uniform
for name, w in weights.items():
    print(f"{name:7}: {len(w):3} tokens, {w.size:6,} scores")
mc.viz.matrices(shown, square=0.016)

# %% [markdown]
# In multiply-adds: the four linear maps cost $4 T C^2$, the two products of equation
# (1) cost $2 T^2 C$. The ledger counts both.
#
# **Predict**: at width $C = 64$, with how many tokens do the two products cost as much
# as the four linear maps? The first stage of CvT-13 has this width and, for an image of
# 224 x 224 pixels, 56 x 56 tokens: how many times as much do the products cost there?

# %%
my_guess = (None, None)

with mc.shapes_only():  # counted without computing
    wide = mc.nn.Attention(64, 1, "linear", kv_stride=1, init=mc.nn.Init("float32"))
costs = {}
for side in (7, 14, 28, 56):
    with mc.shapes_only(), mc.count() as ledger:
        wide(
            mc.Tensor(mc.blank.Blank((1, side * side, 64), "float32")), Grid(side, side)
        )
    by_kind = ledger.by("kind")
    costs[side] = by_kind["attend"] / by_kind["linear"]
    print(f"{side * side:5} tokens:", end=" ")
    print(f"linear maps {by_kind['linear'] / 1e6:6.1f} M,", end=" ")
    print(f"products {by_kind['attend'] / 1e6:7.1f} M: {costs[side]:5.2f} times")
    assert costs[side] == side * side / (2 * 64)

# %% [markdown]
# They are equal at $T = 2C$, here 128 tokens. Below that attention is mostly linear
# maps; above it is mostly $T^2$. It is why CvT asks fewer keys than it has tokens
# (notebook 10), and why a table of costs means nothing without the size of the image.
#
# ## 6 · T squared, measured
#
# The scores are also memory: $T \times S$ numbers for each head of each image, and a
# tape that kept them would hold them until backward. Nobody has to. A query's answer
# needs its own row of scores and no other, so take a **tile** of queries at a time:


# %%
def attend_whole(q, k, v):
    """Equation (1) as it stands."""
    return mc.kernels.softmax(q @ k.T * q.shape[1] ** -0.5) @ v


def attend_in_tiles(q, k, v, rows=64):
    """The same, with no more than ``rows`` x S scores at any time."""
    y = np.empty((len(q), v.shape[1]), v.dtype)
    for first in range(0, len(q), rows):
        y[first : first + rows] = attend_whole(q[first : first + rows], k, v)
    return y


def attend_ours(q, k, v):
    """Equation (1) by the library."""
    heads = (mc.Tensor.wrap(a[None, None]) for a in (q, k, v))
    return mc.ops.attend(*heads, scale=q.shape[1] ** -0.5).numpy()[0, 0]


def drawn(count):
    """Draw q, k and v of one head."""
    rng = np.random.default_rng(count)
    return [rng.normal(size=(count, 64)).astype(np.float32) for _ in "qkv"]


qkv = drawn(500)
for way in (attend_in_tiles, attend_ours):
    assert np.abs(way(*qkv) - attend_whole(*qkv)).max() < 1e-5

# %% [markdown]
# **Predict**: from 784 to 3,136 tokens (a side of 28 to one of 56), by how much does
# the peak of memory grow, of `attend_whole` and of `attend_in_tiles`? Which is quicker
# on your machine, although both do the same multiply-adds?

# %% tags=["volatile"]
my_guess = (None, None, None)


def peak(function, *arguments):
    """Return the bytes of NumPy arrays that a call makes, at most at a time."""
    function(*arguments)
    tracemalloc.start()
    function(*arguments)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return most


def seconds(function, *arguments):
    """Return the least of three runs in one thread."""
    took = []
    with threads.limit(1):
        for _ in range(3):
            start = time.perf_counter()
            function(*arguments)
            took.append(time.perf_counter() - start)
    return min(took)


counts = [196, 400, 784, 1600, 3136]
ways = {
    "whole": attend_whole,
    "in tiles of 64 queries": attend_in_tiles,
    f"the library, {mc.kernels.active()}": attend_ours,
}
memory, times = {}, {}
for name, way in ways.items():
    memory[name] = counts, [peak(way, *drawn(count)) / 2**20 for count in counts]
    times[name] = [1e3 * seconds(way, *drawn(count)) for count in counts]
    print(f"{name:22} MiB:", *(f"{m:7.2f}" for m in memory[name][1]), end="   ")
    print("ms:", *(f"{t:6.1f}" for t in times[name]))
mc.viz.curves(memory, "tokens", "MiB at most", log="xy")

# %% [markdown]
# Four times the tokens: sixteen times the memory as it stands, four times in tiles,
# where only the rows grow longer. Less memory often costs time. Here it need not: the
# multiply-adds are the same, and a tile of scores can stay in the cache between the
# product, the softmax and the next product, where a large matrix goes out to memory and
# back each time. (Where the whole matrix fits into the cache, there is nothing to
# gain.) The library's compiled kernel is made around that; its tiles are scratch space,
# which NumPy does not see and the picture does not count. All ran in one thread.
#
# With `MINICVT_KERNELS=numpy` the library makes the whole matrix and drops it. Neither
# *keeps* it: the next cell asks the tape of one attention what it holds for backward,
# beside q, k and v, which are there anyway and are not counted.

# %%
for count in (196, 784):
    leaves = [mc.Tensor(a[None, None], requires_grad=True) for a in drawn(count)]
    tape = mc.tape(mc.ops.attend(*leaves, scale=0.125))
    whole = 4 * count**2
    print(f"{count} tokens: the tape keeps {tape.kept:,} bytes,", end=" ")
    print(f"all scores would be {whole:,}")
    assert tape.kept == 2 * 4 * count  # two numbers for each query

if mc.kernels.active() == "numba":
    assert peak(attend_ours, *drawn(1600)) < 0.2 * peak(attend_whole, *drawn(1600))

# %% [markdown]
# Two numbers for each query: its largest score and the sum of its powers, which are
# what it takes to make a row of $p$ again from q and k. The price is paid on the way
# back: the product of q and k and its softmax are computed a second time, which makes
# five products there instead of four (section 7). (This is the idea of FlashAttention,
# Dao et al., 2022. Theirs has tiles of keys as well: exercise 3.)
#
# ## 7 · The way back
#
# Name the steps: $S = \alpha Q K^\top$, $P = \operatorname{softmax}(S)$, $Y = P V$. Two
# of them are matrix products, whose pullbacks are products (notebook 01). The softmax
# in the middle: a score $S_{ts}$ moves all weights of its row, its own $P_{ts}$ with
# slope $P_{ts}(1 - P_{ts})$ and another $P_{tj}$ with slope $-P_{ts} P_{tj}$. Roads add
# up:
#
# $$ \bar S_{ts} = P_{ts}(1 - P_{ts})\, \bar P_{ts} -
# \sum_{j \ne s} P_{ts} P_{tj}\, \bar P_{tj} $$
#
# Tidied, and with the products around it,
#
# $$ \bar V = P^\top \bar Y, \quad \bar P = \bar Y V^\top, \quad
# \bar S_{ts} = P_{ts} \Big( \bar P_{ts} - \sum_j P_{tj} \bar P_{tj} \Big), \quad
# \bar Q = \alpha \bar S K, \quad \bar K = \alpha \bar S^\top Q. \tag{4} $$

# %%
alpha = C**-0.5
dy = rng.normal(size=y.shape)  # a random cotangent
dv = p.T @ dy
dp = dy @ v.T
ds = p * (dp - (p * dp).sum(axis=1, keepdims=True))
dq, dk = alpha * ds @ k, alpha * ds.T @ q
print("dv", dv.shape, "dp", dp.shape, "ds", ds.shape, "dq", dq.shape, "dk", dk.shape)

leaves = [mc.Tensor(a[None, None], requires_grad=True) for a in (q, k, v)]
mc.ops.attend(*leaves, scale=alpha).backward(dy[None, None])
for name, leaf, by_hand in zip("qkv", leaves, (dq, dk, dv), strict=True):
    error = np.abs(leaf.grad[0, 0] - by_hand).max() / np.abs(by_hand).max()
    print(f"d{name}: the library is apart by {error:.0e}")
    assert error < 1e-13

# %% [markdown]
# The library's NumPy body is these lines, with $P$ made again in the first four (the
# fifth product). Under it is what finite differences say:

# %% tags=["volatile"]
show(mc.kernels.attend_backward.body("numpy"))
mc.verify.gradcheck(
    lambda q, k, v: mc.ops.attend(q, k, v, scale=alpha),
    *(a[None, None] for a in (q, k, v)),
).check()

# %% [markdown]
# **Predict**: the linear maps that make q, k and v each have a bias. Of all these
# biases, which one has no effect on the output whatever its value, and so gradient 0?

# %%
my_guess = None

layer.train()
layer.zero_grad()
output = layer(x, grid)
output.backward(rng.normal(size=output.shape))
for name, parameter in layer.named_parameters():
    if name.endswith("bias"):
        print(f"{name:13} gradient of size {np.abs(parameter.grad).max():.1e}")
assert np.abs(layer.proj_k.bias.grad).max() < 1e-12
assert np.abs(layer.proj_q.bias.grad).max() > 1e-4
assert np.abs(ds.sum(axis=1)).max() < 1e-14  # rows of the scores' cotangent above

# %% [markdown]
# The same vector on every key adds the same number to all scores of a query, and
# equation (2) says that a softmax does not notice. In (4): every row of $\bar S$ adds
# up to 0. So the bias of the keys is a parameter that no data can train. Whoever
# compares its gradient with another library's, relatively, divides one rounding error
# by another.
#
# ## 8 · Your turn
#
# Replace each `None` and run the cell, then the check below it.


# %% tags=["exercise"]
def merge(heads):
    """Undo the split: an array (B, h, T, d) to (B, T, h * d)."""
    return None


# %% tags=["check"]
parts = rng.normal(size=(2, 3, 5, 4))
check(merge, ((parts,), merge_heads(mc.Tensor(parts)).numpy()))


# %% tags=["exercise"]
def even(width, fewer):
    """Return with how many tokens products and linear maps cost the same.

    As in section 5, but there are ``fewer`` times fewer keys and values than tokens,
    so that two of the four linear maps and both products have less to do.
    """
    return None


# %% tags=["check"]
check(even, ((64, 1), 128), ((64, 4), 320), ((384, 4), 1920))


# %% tags=["exercise"]
def attend_streaming(q, tiles, scale):
    """Attend to keys and values that come in tiles: a tuple of pairs (k, v).

    q is (T, d), each k (n, d) and v (n, e); n differs. Look at each tile once, and
    hold no scores but its own. Scores may be large. Returns (T, e).

    Hint: hold for each query its largest score m so far, and two sums, of the powers
    e^(score - m) and of the values times these. When m grows to n, first multiply
    both sums by e^(m - n): equation (2).
    """
    return None


# %% tags=["check"]
some_q, some_k, some_v = rng.normal(size=(3, 50, 8))
tiles = tuple((some_k[a:b], some_v[a:b]) for a, b in ((0, 7), (7, 30), (30, 50)))
cases = []
for scale in (0.3, 300.0):
    heads = (mc.Tensor(a[None, None]) for a in (some_q, some_k, some_v))
    answer = mc.ops.attend(*heads, scale=scale).numpy()[0, 0]
    cases.append(((some_q, tiles, scale), answer))
check(attend_streaming, *cases)

# %% [markdown]
# **Next**: between two attentions stand LayerNorm and an MLP. Notebook 06 derives both
# by hand, and shows how little of a wrong way back test accuracy notices.
