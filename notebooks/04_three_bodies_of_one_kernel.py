# %% [markdown]
# # 04 · Three bodies of one kernel
#
# **Afterwards you can** read one equation as loops, in NumPy and compiled, say how
# equal the three are and why not to the last bit, measure without fooling yourself,
# tell what the machine could do at best, and say where a library wins time.
#
# **You need** notebook 03. **35 minutes**, of which the computer works for seconds, and
# twenty more for the exercises. Numba if you have it; without it there are two bodies
# on this page, and it says so.
#
# One function, one input, three ways to write it down:

# %% tags=["volatile"]
import time
import warnings

import numpy as np

import minicvt as mc
from minicvt import threads
from minicvt.errors import MissingPackage
from minicvt.lessons import check, show

bodies = ["loops", "numpy", "numba"]
try:
    mc.kernels.softmax.body("numba")
except MissingPackage:
    bodies.remove("numba")
    print("Numba is not installed here: two bodies instead of three.")


def milliseconds(function, *arguments, runs=7):
    """Return the least of some runs in one thread, after one to warm up."""
    took = []
    with threads.limit(1):
        function(*arguments)
        for _ in range(runs):
            start = time.perf_counter()
            function(*arguments)
            took.append(time.perf_counter() - start)
    return 1e3 * min(took)


rng = np.random.default_rng(0)
scores = rng.normal(size=(6 * 197, 50)).astype(np.float32)  # of CvT-13's last stage
times = {n: milliseconds(mc.kernels.softmax.body(n), scores, runs=3) for n in bodies}
mc.viz.bars({f"softmax of {len(scores):,} rows of 50, milliseconds": times})

# %% [markdown]
# ## 1 · One name, three bodies
#
# The equation is that of notebook 05 and of every classifier: along each row,
#
# $$ y_{nk} = \frac{e^{x_{nk} - m_n}}{\sum_j e^{x_{nj} - m_n}},
# \qquad m_n = \max_j x_{nj}. \tag{1} $$
#
# A **kernel** here takes arrays and returns arrays and knows of nothing else: no tape,
# no model. Each has up to three **bodies**, and `body` returns one of them. Read them
# in this order: the loops to know *what* is computed, NumPy to see it in a few lines,
# the compiled one to see what speed costs in words.

# %% tags=["volatile"]
show(*(mc.kernels.softmax.body(name) for name in bodies))

# %% [markdown]
# The loops are the truth: the other two are tested against them. NumPy's body says the
# same in whole arrays. Each of its lines goes over the whole array once, reads it from
# memory and writes it back. The compiled body is loops again: Numba turns them into
# machine code when they are called first, and keeps that on disk. But they are other
# loops: over blocks that stay in the first cache, the smallest and fastest, and simple
# enough inside for the processor to take 8 or 16 numbers at a time.
#
# (`BLOCK` is how many numbers such a block has, and `@jit` marks what Numba compiles.
# `largest`, `total` and `exponentials` do as they say, for a row or a block, and `wide`
# asks for the widest instructions.)
#
# Which body runs is one choice for the whole process: for every kernel, every model,
# every thread. The variable `MINICVT_KERNELS` makes it at the start, `use(name)` from
# then on, and `with use(name):` until the block ends:

# %%
for name in bodies[1:]:
    with mc.kernels.use(name):
        print("now", mc.kernels.active(), "->", mc.kernels.softmax(scores).shape)

# %% [markdown]
# (`body(name)`, as above, takes one without choosing it.) So a whole model can run on
# the loops. They warn when they are chosen, since this is what a digit of 8 x 8 pixels
# takes:

# %% tags=["volatile"]
digit = mc.data.digits(seed=0).test_images[:1].astype(np.float64)
model = mc.models.build("cvt-c8w", dtype="float64", seed=0).eval()
with mc.count() as ledger:
    model(digit)
print(f"{len(ledger.entries)} operations, {ledger.macs:,} multiply-adds in an answer")

answers = {}
with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # about the loops
    for name in bodies:
        with mc.kernels.use(name):
            answers[name] = model(digit).numpy()
            print(f"{name:6} {milliseconds(model, digit, runs=2):8.2f} ms")

# %% [markdown]
# Compare NumPy and compiled here with the softmax above. In a model as small as this
# each operation is over in microseconds, and the Python around it, the same for both
# bodies, is much of what you measure. Besides, in float64 the matrix products of both
# are done by **BLAS**, the library for them that comes with NumPy.
#
# ## 2 · How equal?
#
# **Predict**: are these answers, in float64, equal to the last bit? To how many digits?
# And is there a kernel at all whose bodies agree to the last bit?

# %% tags=["volatile"]
my_guess = (None, None)


def apart(ours, right):
    """Relative error: the largest difference over the largest value."""
    return np.abs(ours - right).max() / np.abs(right).max()


for name in bodies[1:]:
    error = apart(answers[name], answers["loops"])
    print(f"outputs of the model: {name} and loops are apart by {error:.0e}")
    assert error < 1e-13

x = rng.normal(size=(2, 7, 9, 16))
weight = rng.normal(size=(16, 1, 3, 3))
gamma, beta = rng.normal(size=(2, 16))
calls = {
    "im2col": (x, (3, 3), (2, 2), (1, 1)),
    "max_pool2d": (x, (3, 3), (2, 2), (1, 1), (4, 5)),
    "softmax": (scores[:9].astype(np.float64),),
    "layer_norm": (x.reshape(-1, 16), gamma, beta, 1e-5),
    "gelu": (x.ravel(),),
    "depthwise_conv2d": (x, weight, (2, 2), (1, 1)),
}


def first(result):
    """Return the output of a kernel that returns more than that."""
    return result[0] if isinstance(result, tuple) else result


for name, arguments in calls.items():
    kernel = mc.kernels.KERNELS[name]
    results = {n: first(kernel.body(n)(*arguments)) for n in bodies}
    found = {n: apart(results[n], results["loops"]) for n in bodies[1:]}
    print(f"{name:17}", *(f"{n} {error:.0e}  " for n, error in found.items()))
    assert max(found.values()) < 1e-14
    assert max(found.values()) == 0 or name not in ("im2col", "max_pool2d")

# %% [markdown]
# What only moves or compares numbers is equal to the last bit. What *adds* need not be:
# in floating point the order of a sum is part of the answer, and whoever takes eight
# numbers at a time, or a block, or another thread's part, adds in another order. (One
# who keeps the order, as NumPy's depthwise body does tap by tap, may get the same
# bits.) GELU adds up nothing and may differ all the same: its normal distribution comes
# from Python's `math` in one body and from SciPy in another, and two libraries need not
# round the last bit alike.

# %%
print((0.1 + 0.2) + 0.3, "and", 0.1 + (0.2 + 0.3))
assert (0.1 + 0.2) + 0.3 != 0.1 + (0.2 + 0.3)

# %% [markdown]
# Equal, then, means: apart by no more than the last bits of the largest number. In
# float64 that is some 1e-16 and a little more for long sums. In float32 it is 1e-7, and
# long sums are no small matter:
#
# **Predict**: a million times 0.1, added up in float32, one after the other. How many
# digits of 100,000 are right?

# %%
my_guess = None

tenths = np.full(1_000_000, 0.1, np.float32)
ways = {
    "one after the other": np.cumsum(tenths)[-1],
    "in pairs (np.sum)": tenths.sum(),
    "in float64, then rounded": np.float32(tenths.sum(dtype=np.float64)),
}
for name, total in ways.items():
    print(f"{name:25} {total:.2f}")
assert ways["one after the other"] - 1e5 > 500  # too large
assert abs(ways["in float64, then rounded"] - 1e5) < 0.02

for total in np.float32([1_000, 20_000, 90_000]):
    print(f"at {total:6,.0f} numbers are {np.spacing(total):.5f} apart,", end=" ")
    print(f"and 0.1 more is {total + tenths[0] - total:.5f} more")

# %% [markdown]
# Hardly two digits, and too large. The larger a float32, the further its neighbours are
# apart, and every sum is rounded to one of them: for long stretches always to the same
# side, so the errors do not cancel, they pile up. NumPy's `sum` adds neighbours in
# pairs, and pairs of pairs: small numbers meet small ones, and little is lost. It does
# so along a row, whose numbers lie side by side. But gradients of biases and norms are
# sums *down the columns*, over thousands of rows, which NumPy adds one row after the
# other; so the library adds those up in float64, in all three bodies.
#
# ## 3 · Measure
#
# **Predict**: the same call, thirty times, nothing else to do: by what factor is the
# slowest slower than the quickest? And the very first call?

# %% tags=["volatile"]
my_guess = (None, None)

gelu = mc.kernels.gelu.body(bodies[-1])
hidden = rng.normal(size=196 * 1536).astype(np.float32)
took = []
for _ in range(31):
    start = time.perf_counter()
    gelu(hidden)
    took.append(1e3 * (time.perf_counter() - start))
print(f"the first call {took[0]:.2f} ms; then at least {min(took[1:]):.3f},", end=" ")
print(f"median {np.median(took[1:]):.3f}, at most {max(took[1:]):.3f} ms")

# %% [markdown]
# Five rules, each with what goes wrong without it:
#
# 1. Throw the first call away: it compiles the kernel, or loads it from disk, and
#    touches its memory for the first time.
# 2. Call several times and take the least (or the median): the others are slowed down
#    by whatever else the machine does. Noise only ever adds.
# 3. Compare two things **in turns**, not one after the other: a slow minute of the
#    machine falls on both, else on one of them, which then looks slow.
# 4. Say how many threads: two in one body against one in the other is another question.
# 5. Have something to compare with. "Ten times as fast as NumPy" says nothing about
#    whether it is fast.
#
# `milliseconds` above does 1, 2 and 4. Without 3 it is good enough to tell factors
# apart, as in the first picture, and not to tell percents apart.
#
# ## 4 · What the machine can do
#
# Two things have to happen: multiply-adds, and moving bytes. Each has its limit, and
# they can overlap, so an operation takes at least
#
# $$ t \ge \max\left( \frac{\text{MACs}}{\text{MACs a second}},\;
# \frac{\text{bytes}}{\text{bytes a second}} \right). \tag{2} $$
#
# This is the **roofline** (Williams et al., 2009). The bytes are those that nobody can
# avoid: read the inputs once, write the output once. Both rates can be measured, with a
# large square matrix product of BLAS and with a copy of something large. (A product of
# another shape may do a few percent better: such a roof is not sharper than that.)

# %% tags=["volatile"]
from minicvt.bench.rates import copy_rate, product_rate

with threads.limit(1):
    mac_rate, byte_rate = product_rate(1), copy_rate(1)
ridge = mac_rate / byte_rate
print(f"one thread here: {mac_rate / 1e9:.0f} GMAC/s and {byte_rate / 1e9:.1f} GB/s,")
print(f"so {ridge:.0f} multiply-adds in the time of one byte (in float32)")

# %% [markdown]
# That last number is the roof's *ridge*: an operation with fewer multiply-adds a byte
# is bound by memory, one with more by arithmetic.
#
# **Predict**: which of these are bound by memory: the MLP's linear map from 384 to
# 1,536 channels for 196 tokens, the same for one token, a depthwise convolution, the
# activation (GELU, a function of each number by itself)? The cell counts them by their
# shapes alone, without arrays.

# %% tags=["volatile"]
my_guess = (None, None, None, None)


def blank(*shape):
    """Return a tensor with a shape and nothing in it: enough to count."""
    return mc.Tensor(mc.blank.Blank(shape, "float32"))


taps = blank(384, 1, 3, 3)
works = {
    "linear, 196 tokens": lambda: mc.ops.linear(blank(196, 384), blank(1536, 384)),
    "linear, one token": lambda: mc.ops.linear(blank(1, 384), blank(1536, 384)),
    "depthwise, 14 x 14": lambda: mc.ops.depthwise_conv2d(
        blank(1, 14, 14, 384), taps, padding=1
    ),
    "gelu, 196 tokens": lambda: mc.ops.gelu(blank(196, 1536)),
}
intensity = {}
for name, work in works.items():
    with mc.count() as ledger:
        work()
    (entry,) = ledger.entries
    intensity[name] = entry.macs / (entry.read + entry.written)
    bound = "memory" if intensity[name] < ridge else "arithmetic"
    print(f"{name:19} {intensity[name]:5.1f} multiply-adds a byte: bound by {bound}")

assert intensity["linear, 196 tokens"] > 100 * intensity["linear, one token"]
assert intensity["linear, one token"] < 0.3

# %% [markdown]
# The same layer, on two sides of the ridge: for one token each weight is fetched to be
# used once. (It is why many inputs at once take less time each, and why a chat bot,
# which makes one token at a time, waits for memory.) Of a vision transformer the linear
# maps, the dense convolutions and attention are bound by arithmetic; what lies between
# them is bound by memory.
#
# Here is a whole CvT-13 on one image, operation by operation, in milliseconds. (`fold`
# makes a model for inference, with its batch norms inside the convolutions.) The light
# bar is the time it took, the dark one inside is equation (2), and on the right is
# their ratio. A ratio above 100 %, if you find one, says that the bytes came from a
# cache (or that the rates were measured while the machine was busy). Rows without a
# ratio have nothing to multiply and nothing to move:

# %% tags=["volatile"]
from minicvt.bench.profiling import Ceilings, profile

cvt13 = mc.models.build("cvt-13", seed=0).fold()
photo = rng.normal(size=(1, 224, 224, 3)).astype(np.float32)
with threads.limit(1):
    found = profile(
        "CvT-13, one image, one thread",
        lambda: mc.predict(cvt13, photo),
        Ceilings(mac_rate, byte_rate),  # the two rates of equation (2)
        rounds=5,
    )
(reshape,) = (line for line in found.lines if line.operation == "reshape")
assert reshape.macs == reshape.moved == 0
print(f"{reshape.calls} reshapes, {1e6 * reshape.seconds / reshape.calls:.0f} us each")
mc.viz.roofline([found])

# %% [markdown]
# A reshape moves nothing, and still takes time. That is Python: checking shapes, making
# a tensor, telling whoever watches. It takes microseconds, in many calls. Every
# operation pays that; where the work is large it does not show.
#
# **Predict**: if every operation but the matrix products (linear maps, dense
# convolutions, and attention, which is two products with a softmax between) took no
# time at all, how many times quicker would this be?

# %% tags=["volatile"]
my_guess = None

products = ("linear", "conv2d", "matmul", "attend")
share = sum(line.seconds for line in found.lines if line.operation in products)
share /= found.seconds
print(f"matrix products take {share:.0%} of the time, bodies: {mc.kernels.active()}")
print(f"the rest for nothing: {1 / share:.2f} times as quick")

# %% [markdown]
# That is **Amdahl's law**: what you do not touch limits what you can win. It says where
# to look first, in the products, and what is left once they are as good as they get.
# From a terminal: `minicvt bench profile`, with `--picture FILE` for the picture.
#
# ## 5 · Where the time is won
#
# `minicvt bench inference training` races this library against PyTorch, in processes of
# their own, in turns, on your machine. Nobody multiplies matrices much faster than
# anybody else: what there is to win lies in four other places.
#
# **Fewer passes over memory.** NumPy goes over whole arrays once for every line, and so
# does PyTorch, as it is mostly used, for every operation. Count the passes in NumPy's
# LayerNorm: which lines read an array as large as `x`, and which write one? Then see
# what that costs, over more and more rows of 64 channels:

# %%
show(mc.kernels.layer_norm.body("numpy"))

# %% tags=["volatile"]
norm_sizes = [2**n for n in range(4, 18)]
gamma, beta = rng.normal(size=(2, 64)).astype(np.float32)
costs = {name: [] for name in bodies[1:]}
for count in norm_sizes:
    rows = np.ones((count, 64), np.float32) + np.arange(64, dtype=np.float32)
    for name, cost in costs.items():  # in turns, size by size
        body = mc.kernels.layer_norm.body(name)
        took = milliseconds(body, rows, gamma, beta, 1e-5, runs=5)
        cost.append(1e6 * took / rows.size)
floor = 1e9 * 2 * 4 / byte_rate
print(f"to read and to write a number from memory takes {floor:.2f} ns at least")
for name, cost in costs.items():
    print(f"{name}: {min(cost):.2f} ns at best, {cost[-1]:.2f} for the largest")
kilobytes = np.array(norm_sizes) * 64 * 4 / 2**10
lines = {name: (kilobytes, cost) for name, cost in costs.items()}
mc.viz.curves(lines, "kB of input", "nanoseconds for each number", log="xy")

# %% [markdown]
# NumPy makes seven passes (two in the line with `np.square`). Each reads an array as
# large as `x`, and all but the two means write one. The compiled body finishes a row
# before it begins the next: to memory, that is one reading and one writing. This is
# what **fusing** operations means: do everything to a number while it is at hand.
#
# On the left of the picture is the cost of a call, spread over few numbers. In the
# middle everything is in a cache: a curve below the floor is served from there, and the
# gap between the two bodies is passes all the same, since each loads and stores every
# number. On the right, where a curve turns up, the cache has run out, or the memory for
# a large result comes fresh from the system, which hands it out page by page. Then the
# compiled body pays too, and in proportion perhaps more, as little else is in its time.
#
# **Tiles.** The same idea for products: a block of one matrix stays in the cache while
# it meets all it has to meet. Attention in tiles of queries, in notebook 05, never
# writes its scores to memory at all.
#
# **Layout.** Memory is channels-last. From map to tokens and back is a reshape, and a
# convolution, a norm and a linear map all find a token's channels side by side. A
# library whose convolutions want channels first turns every map around, twice a block.
#
# **Threads that do not wait.** BLAS brings threads of its own, which keep their cores
# busy while they wait for the next product, and whatever else wants those cores waits
# with them. Here BLAS runs on one thread, and one pool of ours splits whatever is worth
# splitting: rows, images, heads.

# %% tags=["volatile"]
show(threads.share)
tokens = mc.Tensor(rng.normal(size=(3136, 256)).astype(np.float32))
wide = mc.Tensor(rng.normal(size=(512, 256)).astype(np.float32))
for width in sorted({1, threads.available()}):
    with threads.limit(width):
        took = []
        for _ in range(9):
            start = time.perf_counter()
            mc.ops.linear(tokens, wide)
            took.append(time.perf_counter() - start)
    print(f"a linear map in {width} of {threads.available()} threads:", end=" ")
    rate = len(tokens.data) * wide.size / min(took)
    print(f"{1e3 * min(took):.2f} ms, {rate / 1e9:.0f} GMAC/s")

# %% [markdown]
# (Set the line for one thread beside the rate of section 4, and you see how sharp that
# roof is.)
#
# None of this changes what is computed. The equation is in the loops, the tests hold
# the other two to it, and a gradient check (notebook 02) does not care which of them
# ran:

# %%
for name in bodies[1:]:
    with mc.kernels.use(name):
        mc.verify.gradcheck(mc.ops.softmax, rng.normal(size=(5, 7))).check()
        mc.verify.gradcheck(mc.ops.gelu, rng.normal(size=(5, 7))).check()
    print(name, "passes")

# %% [markdown]
# ## 6 · Your turn
#
# Replace each `None` and run the cell, then the check below it.


# %% tags=["exercise"]
def at_least(macs, moved, mac_rate, byte_rate):
    """Return the seconds an operation takes at least: equation (2)."""
    return None


# %% tags=["check"]
cases = [((1e9, 1e6, 1e11, 1e10), 1e-2), ((1e6, 1e9, 1e11, 1e10), 1e-1)]
check(at_least, *cases, ((3e9, 2e8, 1e11, 1e10), 3e-2))


# %% tags=["exercise"]
def layer_norm(x, weight, bias, eps):
    """Write the body "loops": of each row (N, C) subtract the mean, divide by the root
    of the variance plus eps, multiply by weight (C,) and add bias (C,).
    """
    return None


# %% tags=["check"]
some_x = np.random.default_rng(1).normal(1, 0.1, size=(6, 5))
some_weight, some_bias = np.random.default_rng(2).normal(size=(2, 5))
given = (some_x, some_weight, some_bias, 1e-2)
check(layer_norm, (given, first(mc.kernels.layer_norm.body("loops")(*given))))


# %% tags=["exercise"]
def moments(numbers):
    """Return mean and variance, a pair, of an array, looking at each number once.

    So memory is passed over once. Some of the numbers are large and all but equal.
    (Welford, 1962: when a number comes, by how much do the mean and the sum of squares
    about the mean move?)
    """
    return None


# %% tags=["check"]
near = np.random.default_rng(3).normal(size=200)
far = 1e8 + near
check(moments, *[((n,), (n.mean(), n.var())) for n in (near, far)])

# %% [markdown]
# **Next**: attention, the operation all this was built around, and the one whose cost
# grows with the square of the image: notebook 05.
