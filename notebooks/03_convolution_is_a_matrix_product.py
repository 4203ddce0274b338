# %% [markdown]
# # 03 · Convolution is a matrix product
#
# **Afterwards you can** write a convolution as one matrix product, take both its
# gradients from that product, check a linear map's way back with two random vectors,
# say where stride and padding bite, and say why a depthwise convolution should not be
# a matrix product.
#
# **You need** notebook 01 (what a pullback is) and, for one word here and there, 02.
# **40 minutes**, of which the computer works for seconds, and half an hour more for the
# exercises.
#
# On the left is a map whose pixels are numbered. On the right is all that a 3 x 3
# window sees of it at stride 2, with a border of one pixel: **each window is a row**.
# White is the border, which is 0.

# %%
import time

import numpy as np

import minicvt as mc
from minicvt.lessons import check, show

pixels = np.arange(1, 31, dtype=float).reshape(5, 6)
windows = mc.kernels.im2col(pixels[None, :, :, None], (3, 3), (2, 2), (1, 1))
rows = windows.reshape(-1, 9)
seen = np.where(rows == 0, np.nan, rows)
mc.viz.matrices({"a map, 5 x 6": pixels, "its windows, one a row": seen})

# %% [markdown]
# Turning the left side into the right is called **im2col**. It moves numbers and
# computes nothing. All of this page is about it: what follows it is a matrix product,
# and what takes gradients back through it is where most hand-written convolutions are
# wrong.
#
# ## 1 · How many windows
#
# Along a side of $H$ pixels with a border of $p$ at both ends, a window of $k$ that
# moves by $s$ stands in
#
# $$ H' = \left\lfloor \frac{H + 2p - k}{s} \right\rfloor + 1 \tag{1} $$
#
# places (equation 1 of the CvT paper, which writes its stride $s - o$). Window $i$
# reads the rows $si - p,\; \dots,\; si - p + k - 1$. That in both directions, with
# channels and a batch, is all there is. Memory is channels-last everywhere: maps are
# `(B, H, W, C)`, windows `(B, H', W', k, k, C)`.
#
# `mc.kernels` are the library's functions on plain arrays. Each is written more than
# once, and `body("loops")` is the one to read: the equation as plain loops. (Notebook
# 04 is about the others. `ceil_mode`, which rounds up, is not used on this page.)

# %%
from minicvt.kernels.geometry import output_size

show(output_size, mc.kernels.im2col.body("loops"))

# %% [markdown]
# **Predict**: CvT-13 begins with a 7 x 7 convolution at stride 4 with padding 2, over
# 224 x 224 pixels of three channels. How many rows has the matrix of windows, and how
# many columns? How many times larger than the image is it? And how much larger than its
# map would it be for a 3 x 3 kernel at stride 1?

# %%
my_guess = (None, None)  # times larger: 7 x 7 at stride 4, 3 x 3 at stride 1

image = mc.Tensor(np.zeros((1, 224, 224, 3), np.float32))
for kernel, stride, padding in ((7, 4, 2), (3, 1, 1)):
    unfolded = mc.ops.im2col(image, kernel=kernel, stride=stride, padding=padding)
    _, height, width, kh, kw, channels = unfolded.shape
    print(f"{kernel} x {kernel} at stride {stride}:", end=" ")
    print(f"{height * width:,} rows x {kh * kw * channels} columns,", end=" ")
    print(f"{unfolded.size / image.size:.2f} times the image")

# %% [markdown]
# About $k^2 / s^2$ times, since each pixel is copied into every window that sees it.
# That is the price of the matrix product, and why the library never unfolds a whole
# batch at once: it unfolds a part that stays in the cache, the processor's own small
# and fast memory, multiplies it, and takes the next.
#
# ## 2 · One product
#
# A convolution's output is, for image $b$, place $(i, j)$ and output channel $o$,
#
# $$ y_{bijo} = \sum_{u,v,c} x_{b,\; si+u-p,\; sj+v-p,\; c} \; w_{ocuv} \tag{2} $$
#
# which is seven loops deep (`groups` is 1 until section 6, and `start` then 0):

# %%
show(mc.kernels.conv2d.body("loops"))

# %% [markdown]
# Four loops (`b`, `i`, `j`, `o`) say *which* output; the three inner ones are an inner
# product of a window with a kernel. The windows are the rows of im2col. So with
# $N = B H' W'$ windows of $K = k_h k_w C$ numbers
#
# $$ Y = X W^\top, \qquad X\,(N \times K), \quad W\,(O \times K), \quad Y\,(N \times O).
# \tag{3} $$

# %%
rng = np.random.default_rng(0)
x = rng.normal(size=(2, 7, 9, 4))  # (B, H, W, C), nothing square
weight = rng.normal(size=(5, 4, 3, 3))  # (O, C, kh, kw), PyTorch's order

columns = mc.kernels.im2col(x, (3, 3), (2, 2), (1, 1))
X = columns.reshape(-1, 3 * 3 * 4)
W = weight.transpose(0, 2, 3, 1).reshape(5, -1)  # O first, then u, v, c: X's order
Y = X @ W.T
print("windows", columns.shape, "are X", X.shape, "; W", W.shape, "; Y", Y.shape)


def apart(ours, right):
    """Relative error: the largest difference over the largest value."""
    return np.abs(ours - right).max() / np.abs(right).max()


y = Y.reshape(*columns.shape[:3], 5)  # (B, H', W', O), and nothing has moved
looped = mc.kernels.conv2d.body("loops")(x, weight, (2, 2), (1, 1), 1)
print(f"apart from the seven loops by {apart(y, looped):.0e}")
assert apart(y, looped) < 1e-14

# %% [markdown]
# **Predict**: a colleague leaves out the `transpose` and writes
# `weight.reshape(5, -1)`: the shape is the same. Does it fail with an error, give the
# right answer, or a wrong one? For which weights does it give the right one?

# %%
my_guess = None


def forgetful(x, weight):
    """Convolve without a stride or padding, and without minding the order."""
    count, channels, kh, kw = weight.shape
    columns = mc.kernels.im2col(x, (kh, kw), (1, 1), (0, 0))
    flat = columns.reshape(-1, kh * kw * channels)
    return (flat @ weight.reshape(count, -1).T).reshape(*columns.shape[:3], count)


for channels, kernel in ((4, 3), (4, 1), (1, 3)):
    some_x, some_w = x[..., :channels], weight[:, :channels, :kernel, :kernel]
    right = mc.kernels.conv2d(some_x, some_w, (1, 1), (0, 0), 1)
    error = apart(forgetful(some_x, some_w), right)
    print(f"C = {channels}, kernel {kernel} x {kernel}: apart by {error:.0e}")

# %% [markdown]
# No error, and numbers that mean nothing, unless there is one channel or one *tap* (a
# place $(u, v)$ of the kernel): then the two orders are the same. A test with one
# channel proves nothing about two.
#
# ## 3 · The way back of im2col
#
# Every number that im2col writes is a copy of one that it read, or 0, and *which* one
# goes where depends on the sizes alone, never on the numbers. (In a max pooling it
# does.) So it is a *linear map*: there is a matrix $A$ of zeros and ones with
# $\text{columns} = A x$, one row for each number written. Feed it the unit vectors one
# by one and it shows its columns:

# %%
units = np.eye(20).reshape(20, 4, 5, 1)  # twenty maps, each with a single 1
A = mc.kernels.im2col(units, (3, 3), (2, 2), (1, 1)).reshape(20, -1).T
print("A is", A.shape, "with", int(A.sum()), "ones among", A.size, "numbers")
assert set(A.sum(axis=1)) == {0, 1}  # a row copies one pixel, or is of the border
mc.viz.matrices({"A transposed: a row a pixel, a column a copy of it": A.T}, square=0.1)

# %% [markdown]
# From notebook 01: the pullback of $y = A x$ multiplies the cotangent with $A^\top$.
# Nobody builds $A$. Read the picture by rows instead: **what was copied from a pixel is
# added up at that pixel**. That is **col2im**:

# %%
show(mc.kernels.col2im.body("loops"))

# %% [markdown]
# It is im2col with the assignment turned around, `+=` in place of `=`. The map it turns
# into is the *adjoint* of im2col: the one with
#
# $$ \langle A x,\, y \rangle = \langle x,\, A^\top y \rangle
# \quad\text{for all } x \text{ and } y. \tag{4} $$
#
# This is also how to check it: draw $x$ and $y$ at random and compute two inner
# products. No finite differences, no step to choose, and the two sides agree to the
# last bits or not at all.

# %% tags=["volatile"]
for size, kernel, stride, padding in (
    ((7, 9), (3, 3), (1, 1), (1, 1)),
    ((7, 9), (3, 3), (2, 2), (1, 1)),
    ((8, 5), (7, 7), (4, 4), (2, 2)),
    ((9, 6), (3, 2), (2, 3), (1, 0)),
):
    some_x = rng.normal(size=(2, *size, 3))
    unfolded = mc.kernels.im2col(some_x, kernel, stride, padding)
    some_y = rng.normal(size=unfolded.shape)
    left = (unfolded * some_y).sum()
    right = (some_x * mc.kernels.col2im(some_y, size, stride, padding)).sum()
    print(f"kernel {kernel}, stride {stride}, padding {padding}:", end=" ")
    print(f"{left:9.4f} and {right:9.4f}")
    assert abs(left - right) < 1e-10

# the same for any linear function of Tensors, with backward as the other side
mc.verify.adjoint_check(
    lambda x: mc.ops.im2col(x, kernel=(3, 2), stride=(2, 3), padding=(1, 0)),
    (2, 9, 6, 3),
).check()

# %% [markdown]
# **Predict**: is col2im the *inverse* of im2col, so that `col2im(im2col(x))` is `x`?
# Take a 7 x 7 map of ones, a 3 x 3 kernel and padding 1. What comes back in the middle
# at stride 1, at stride 2, at stride 3?

# %%
my_guess = (None, None, None)


def there_and_back(height, width, kernel, stride, padding):
    """Return how many windows see each pixel."""
    ones = np.ones((1, height, width, 1))
    pairs = (stride, stride), (padding, padding)
    columns = mc.kernels.im2col(ones, (kernel, kernel), *pairs)
    return mc.kernels.col2im(columns, (height, width), *pairs)[0, :, :, 0]


copies = {f"stride {s}": there_and_back(7, 7, 3, s, 1) for s in (1, 2, 3)}
assert [int(c[3, 3]) for c in copies.values()] == [9, 4, 1]
mc.viz.matrices(copies, square=0.26)

# %% [markdown]
# Each pixel comes back as often as windows see it. An adjoint is an inverse only where
# every pixel is seen once: where windows neither overlap nor leave gaps, as ViT's
# patches do. At stride 2 the counts form a lattice: a gradient that comes back through
# such a layer arrives from four windows at some pixels, from two or one at the others.
#
# ## 4 · Where people break
#
# Three mistakes, each beside the test that it passes.
#
# *The lost sum.* The index of every copy can be computed by im2col itself, from a map
# of pixel numbers (the first picture), and then col2im is one line of NumPy, the one
# with `+=` below.
#
# **Predict**: at which of the strides 1, 2 and 3 does it pass the check of equation
# (4), for a 3 x 3 kernel without padding?

# %%
my_guess = None


def col2im_by_index(columns, size, stride, padding):
    """Add by index, for one image of one channel. It looks right."""
    kernel = columns.shape[3:5]
    numbers = np.arange(1.0, size[0] * size[1] + 1).reshape(1, *size, 1)
    origin = mc.kernels.im2col(numbers, kernel, stride, padding).astype(int)
    flat = np.zeros(size[0] * size[1] + 1)  # number 0 is the border
    flat[origin.ravel()] += columns.ravel()
    return flat[1:].reshape(1, *size, 1)


def gap(col2im, kernel, stride, padding, size=(6, 9)):
    """Return how far the two sides of equation (4) are apart, relatively."""
    pairs = (stride, stride), (padding, padding)
    some_x = rng.normal(size=(1, *size, 1))
    unfolded = mc.kernels.im2col(some_x, (kernel, kernel), *pairs)
    some_y = rng.normal(size=unfolded.shape)
    left, right = unfolded * some_y, some_x * col2im(some_y, size, *pairs)
    return abs(left.sum() - right.sum()) / np.abs(left).sum()


for stride in (1, 2, 3):
    wrong = gap(col2im_by_index, 3, stride, 0) > 1e-12
    right = gap(mc.kernels.col2im, 3, stride, 0) > 1e-12
    print(f"stride {stride}: by index {'FAILS' if wrong else 'passes'},", end=" ")
    print(f"the library {'FAILS' if right else 'passes'}")
    assert wrong == (stride < 3)
    assert not right

# %% [markdown]
# `flat[i] += v` with an index that occurs twice keeps one of the two sums: NumPy reads,
# adds, and writes back, all occurrences at once (`np.add.at` is the one that adds
# up). Where windows do not overlap no index occurs twice. A test with kernel = stride
# passes, and CvT's embeddings, which overlap, get wrong gradients.
#
# *The row that comes from the other end.* Somebody saves the border: nothing is padded
# in memory, and window `i` simply reads row `s*i + u - p` of the map, as under equation
# (1). Which rows does it ask for, where the map has rows 0 to 7?

# %%
for stride in (1, 2):
    count = output_size(8, kernel=3, stride=stride, padding=1)
    first, *_, last = [[stride * i + u - 1 for u in range(3)] for i in range(count)]
    print(f"stride {stride}: the first window reads {first}, the last {last}")
    assert (max(last) > 7) == (stride == 1)
    assert min(first) == -1

# %% [markdown]
# At stride 1 the last window asks for row 8, which is an `IndexError`: the mistake is
# loud. At stride 2 nobody asks for row 8. Row -1 is asked for at either stride, and in
# Python that is the *last* row: no error, and the upper edge of every map has seen the
# lower one. The loops above ask `0 <= h < height` for both ends.
#
# *The size that cannot be known.* Equation (1) rounds down. So:

# %%
for height in (7, 8):
    windows_on_it = output_size(height, kernel=3, stride=2, padding=0)
    seen_by = there_and_back(height, 9, 3, 2, 0)[:, 0].astype(int)  # the left edge
    print(f"{height} rows, {windows_on_it} windows: row by row", end=" ")
    print(f"{', '.join(map(str, seen_by))} of them see it")
    assert seen_by.sum() == 3 * windows_on_it  # each window has three rows
    assert (seen_by[-1] == 0) == (height == 8)

# %% [markdown]
# Two sizes of map give one size of output. The way back has to be *told* which it was,
# which is why `col2im` takes `size`; whoever computes it from the output is right for
# every other size. And the last of the eight rows was seen by nobody: its gradient is
# 0, and rightly so.
#
# So a test of a convolution needs a kernel larger than the stride, a stride above 1,
# padding, an odd and an even side, and more than one channel. That is what the
# library's own tests draw from.
#
# ## 5 · Two gradients from one product
#
# From $Y = X W^\top$, with the cotangent $\bar Y$ (what the loss says about $Y$):
# $Y_{no} = \sum_k X_{nk} W_{ok}$ says that $X_{nk}$ reaches the loss through every
# $Y_{no}$, with weight $W_{ok}$, and $W_{ok}$ through every $Y_{no}$, with weight
# $X_{nk}$. Hence
#
# $$ \bar X = \bar Y W, \qquad \bar W = \bar Y^\top X, \qquad
# \bar x = \operatorname{col2im}(\bar X). \tag{5} $$
#
# (The shapes would not let you write anything else.) A bias is added to all rows, so
# its gradient is $\bar Y$ summed over them.

# %%
cotangent = rng.normal(size=y.shape)  # random: notebook 02 says why not ones
dY = cotangent.reshape(-1, 5)
dX, dW = dY @ W, dY.T @ X
print("dY", dY.shape, "; dX", dX.shape, "; dW", dW.shape)

by_hand = {
    "x": mc.kernels.col2im(dX.reshape(columns.shape), (7, 9), (2, 2), (1, 1)),
    "weight": dW.reshape(5, 3, 3, 4).transpose(0, 3, 1, 2),
    "bias": dY.sum(axis=0),
}

leaves = {"x": x, "weight": weight, "bias": rng.normal(size=5)}
leaves = {name: mc.Tensor(array, requires_grad=True) for name, array in leaves.items()}
output = mc.ops.conv2d(*leaves.values(), stride=2, padding=1)
output.backward(cotangent)
for name, leaf in leaves.items():
    error = apart(by_hand[name], leaf.grad)
    print(f"{name:6} {leaf.shape!s:13} apart by {error:.0e}")
    assert error < 1e-14

# %% [markdown]
# The library's operation returns its output and three recipes, each of which is run
# only if somebody wants that gradient. (`rows` flattens all axes but the last, and
# `column_sum` adds rows up.) Under it what finite differences say, which know nothing
# of im2col:

# %% tags=["volatile"]
show(mc.ops.conv2d)
mc.verify.gradcheck(
    lambda x, weight, bias: mc.ops.conv2d(x, weight, bias, stride=2, padding=1),
    x,
    weight,
    leaves["bias"],
).check()

# %% [markdown]
# ## 6 · Depthwise: the product that is not worth it
#
# CvT's projections are **depthwise**: each channel has a kernel of its own and sees no
# other channel,
#
# $$ y_{bijc} = \sum_{u,v} x_{b,\; si+u-p,\; sj+v-p,\; c} \; w_{cuv}. \tag{6} $$
#
# It is a convolution, so it is a matrix product too. Its $W$, for eight channels, with
# the nine taps side by side:

# %%
channels = 8
taps = rng.normal(size=(channels, 1, 3, 3))
dense = np.zeros((channels, channels, 3, 3))
dense[np.arange(channels), np.arange(channels)] = taps[:, 0]
block = dense.transpose(0, 2, 3, 1).reshape(channels, -1)
print(f"{np.count_nonzero(block)} of {block.size} numbers are not 0")

some_x = rng.normal(size=(2, 6, 5, channels))
one = mc.kernels.depthwise_conv2d(some_x, taps, (2, 2), (1, 1))
other = mc.kernels.conv2d(some_x, dense, (2, 2), (1, 1), 1)
assert apart(one, other) < 1e-14
mc.viz.matrices(
    {"W of a depthwise convolution": np.where(block == 0, np.nan, block)}, square=0.09
)

# %% [markdown]
# One number in $C$ is not zero, so of $C$ multiply-adds the dense product wastes all
# but one. The way out that libraries offer is `groups=C`: a product for each channel,
# of its own windows $(N \times 9)$ and its own kernel $(9 \times 1)$. Nothing is wasted
# then. A third way is to forget im2col and take the sum of equation (6) where the
# numbers lie. In NumPy that is nine multiply-adds of shifted maps:

# %%
show(mc.kernels.depthwise_conv2d.body("numpy"))

# %% [markdown]
# Count before you measure. The bytes are those that nobody can avoid, the inputs read
# once and the output written once: a floor, without the copies that a way makes.

# %%
channels = 96
x96 = mc.Tensor(rng.normal(size=(4, 28, 28, channels)).astype(np.float32))
taps96 = rng.normal(size=(channels, 1, 3, 3)).astype(np.float32)
dense96 = np.zeros((channels, channels, 3, 3), np.float32)
dense96[np.arange(channels), np.arange(channels)] = taps96[:, 0]
taps96, dense96 = mc.Tensor(taps96), mc.Tensor(dense96)

ways = {
    "dense product": lambda: mc.ops.conv2d(x96, dense96, padding=1),
    "96 small products": lambda: mc.ops.conv2d(x96, taps96, padding=1, groups=96),
    "direct sum": lambda: mc.ops.depthwise_conv2d(x96, taps96, padding=1),
}
macs, least = {}, {}
for name, way in ways.items():
    with mc.count() as ledger:
        way()
    macs[name] = ledger.macs
    least[name] = sum(entry.read + entry.written for entry in ledger.entries)
    print(f"{name:18} {macs[name] / 1e6:6.1f} M multiply-adds,", end=" ")
    print(f"{least[name] / 1e6:.1f} MB at least: {macs[name] / least[name]:.1f} a byte")

assert macs["dense product"] == 96 * macs["direct sum"]

# %% [markdown]
# **Predict**: the dense product does 96 times the multiply-adds of the other two. How
# many times longer does it take than the 96 small products, and than the direct sum?

# %% tags=["volatile"]
my_guess = (None, None)  # dense over small products, dense over direct


def milliseconds(function):
    """Return the least of five runs, after one to warm up."""
    function()
    took = []
    for _ in range(5):
        start = time.perf_counter()
        function()
        took.append(time.perf_counter() - start)
    return 1e3 * min(took)


took = {name: milliseconds(way) for name, way in ways.items()}
for name in ("96 small products", "direct sum"):
    factor = took["dense product"] / took[name]
    print(f"the dense product takes {factor:.1f} times as long as the {name}", end=" ")
    print(f"({mc.kernels.active()} bodies)")
mc.viz.bars(
    {
        "million multiply-adds": {n: m / 1e6 for n, m in macs.items()},
        "milliseconds": took,
    }
)

# %% [markdown]
# Were time a matter of multiply-adds alone, both factors would be 96. Look how far from
# it the first is: where it is below 1, the small products are *slower* than the dense
# one, for all that it wastes. A matrix product is fast because a number, once it is in
# a register (the few places that the processor computes with), meets many others: in
# the dense one each number of a window meets 96 kernels. In the small ones it meets
# one. What is left is im2col: nine copies of the map, written to memory, to use each
# copy once.
#
# So a depthwise convolution is bound by memory, not by arithmetic, and the best one can
# do is to read the map once and write the result once. NumPy's body above reads and
# writes a map for each of the nine taps. The compiled one
# (`minicvt/kernels/depthwise/`) goes over the map once: the nine weights stay in
# registers, and so does the window, which takes in three new pixels at each step.
# Notebook 04 measures such things.
#
# Its gradients are two more direct sums: the cotangent times each tap is added back
# where the tap read, and a tap's gradient is the sum of the cotangent times what it
# read. No new idea, and the same traps; here is the check, at stride 2 with odd sides:

# %% tags=["volatile"]
mc.verify.gradcheck(
    lambda x, weight: mc.ops.depthwise_conv2d(x, weight, stride=2, padding=1),
    rng.normal(size=(2, 7, 5, 8)),
    taps,
).check()

# %% [markdown]
# ## 7 · Your turn
#
# Replace each `None` and run the cell, then the check below it. The maps here are
# `(H, W)`: one image, one channel. Nobody minds loops.


# %% tags=["exercise"]
def rows_read(window, kernel, stride, padding, height):
    """Say which rows of a map of ``height`` rows a window sees: a tuple of numbers.

    Those of the border are not rows of the map.
    """
    return None


# %% tags=["check"]
cases = [((0, 3, 2, 1, 8), (0, 1)), ((2, 3, 2, 1, 5), (3, 4))]
check(rows_read, *cases, ((1, 7, 4, 2, 224), (2, 3, 4, 5, 6, 7, 8)))


# %% tags=["exercise"]
def unfold(x, kernel, stride, padding):
    """im2col: (H, W) to (number of windows, kernel * kernel), 0 outside the map."""
    return None


# %% tags=["check"]
def right_unfold(x, kernel, stride, padding):
    sides = (kernel, kernel), (stride, stride), (padding, padding)
    return mc.kernels.im2col(x[None, :, :, None], *sides).reshape(-1, kernel**2)


maps = np.random.default_rng(1).normal(size=(2, 8, 7))
settings = [(maps[0], 3, 1, 0), (maps[0], 3, 2, 1), (maps[1], 4, 3, 2)]
check(unfold, *[(setting, right_unfold(*setting)) for setting in settings])


# %% tags=["exercise"]
def fold(rows, size, kernel, stride, padding):
    """col2im, the adjoint: (number of windows, kernel * kernel) to (H, W) = size."""
    return None


# %% tags=["check"]
def right_fold(rows, size, kernel, stride, padding):
    places = [output_size(n, kernel, stride, padding) for n in size]
    columns = rows.reshape(1, *places, kernel, kernel, 1)
    sides = (stride, stride), (padding, padding)
    return mc.kernels.col2im(columns, size, *sides)[0, :, :, 0]


settings = [((6, 6), 3, 3, 0), ((8, 7), 3, 1, 1), ((7, 8), 3, 2, 0), ((8, 8), 4, 3, 2)]
cases = []
for size, *sides in settings:
    shape = right_unfold(np.zeros(size), *sides).shape
    given = np.random.default_rng(2).normal(size=shape)
    cases.append(((given, size, *sides), right_fold(given, size, *sides)))
check(fold, *cases)

# %% [markdown]
# **Next**: each function of `mc.kernels` exists up to three times, as loops, in NumPy
# and compiled. Notebook 04 puts the three side by side: are they equal, how equal, and
# what does each cost?
