# %% [markdown]
# # 01 · A tensor that remembers
#
# **Afterwards you can** say what `loss.backward()` does, build it in under sixty lines,
# name the mistake that passes every test of a single operation, and prove a gradient
# right without trusting anybody's rule for it.
#
# **You need** Python, a little NumPy, and derivatives as at school.
# [00](00_cvt_in_ten_minutes.ipynb) says what it is all for. **40 minutes**, and 20 for
# section 9.
#
# Learning asks one question of every weight: were it a little larger, how would the
# loss change? A tensor that *remembers* how it was made answers for all weights in one
# walk back. Here is what one remembers of two residuals in series, the skeleton of
# every transformer. A *residual* is a value plus a function of it: $h = x + f(x)$, and
# then $y = h + g(h)$.

# %%
import numpy as np

import minicvt as mc
from minicvt.lessons import check, show

rng = np.random.default_rng(0)
x = mc.Tensor(rng.normal(size=(2, 3)), requires_grad=True)
first, second = (mc.nn.Parameter(rng.normal(size=(3, 3))) for _ in range(2))

h = x + mc.ops.tanh(x @ first)
y = h + mc.ops.tanh(h @ second)
mc.tape(y)

# %% [markdown]
# This is the *tape*. Time runs down, a row is an operation that ran, and a line joins
# it to what it was made from; green squares are *leaves*, which nothing made: `x`,
# which asked for a gradient, and two `Parameter`s, weights, which always do. A leaf is
# drawn wherever it is used, so `x` has two squares, and the first residual has no arc.
#
# The orange arc is the second residual: $h$, row 2, reaches $y$, row 5, by the short
# road over the arc and by the long one through `matmul` and `tanh`. `backward` walks
# the tape from the bottom up. Whether it does so in the right order is what this page
# is about. (On the right: multiply-adds, and what an operation keeps for the way back.
# The first `matmul` needs only leaves, which are there anyway.)
#
# ## 1 · A slope is what a nudge does
#
# Move the input of a function by a little, and see how far the output moves. That ratio
# is the slope. Where one function feeds the next, the slopes multiply, which is the
# **chain rule**. With $u = 3x$ and $y = u^2$:
#
# $$ \frac{dy}{dx} = \frac{dy}{du} \cdot \frac{du}{dx} = 2u \cdot 3 \tag{1} $$


# %%
def nudge(f, x, t=1e-6):
    """Slope of f at x: what it does between x - t and x + t, by how far that is."""
    return (f(x + t) - f(x - t)) / (2 * t)


u = 3 * 2.0
print("by the rule ", 2 * u * 3)
print("by a nudge  ", round(nudge(lambda x: (3 * x) ** 2, 2.0), 6))
assert abs(nudge(lambda x: (3 * x) ** 2, 2.0) - 2 * u * 3) < 1e-6

# %% [markdown]
# A value may be used more than once. Each use is a road by which a nudge travels, and
# what the roads bring is **added up**:
#
# $$ \frac{dy}{dh} = \sum_{\text{roads from } h \text{ to } y}\
#    \prod_{\text{steps}} \text{slope of the step} \tag{2} $$
#
# **Predict**: $y = h \cdot h + h$ at $h = 3$. How many roads lead from $h$ to $y$, and
# what is $dy/dh$? The slope of a product by one factor is the other factor.

# %%
my_guess = (None, None)  # roads, slope

roads = {"as the left factor": 3.0, "as the right factor": 3.0, "as the last term": 1.0}
for road, slope in roads.items():
    print(f"{road:20} {slope}")
added = sum(roads.values())
print(f"{len(roads)} roads, slope   {added}")
assert abs(nudge(lambda h: h * h + h, 3.0) - added) < 1e-6

# %% [markdown]
# Forget one road and the slope is wrong, though nothing looks wrong. Remember this.
#
# ## 2 · What travels back
#
# Our values are arrays. What travels back is an array too, the **cotangent**: it has
# the *shape of the value itself*, and says for each entry how much the end result
# changes if that entry does. We write $\bar y$ for the cotangent of $y$.
#
# Each operation needs a rule that turns the cotangent of its output into one for each
# input, its **pullback**. For $Y = A B$ it is
#
# $$ \bar A = \bar Y B^\top \qquad \bar B = A^\top \bar Y \tag{3} $$
#
# You need not learn that by heart: with the shapes below, no other product of the two
# fits.

# %%
A, B = rng.normal(size=(2, 3)), rng.normal(size=(3, 5))
Y_bar = rng.normal(size=(2, 5))
A_bar, B_bar = Y_bar @ B.T, A.T @ Y_bar
print("Y = A B     ", A.shape, "@", B.shape, "=", (A @ B).shape)
print("cotangent of A", Y_bar.shape, "@", B.T.shape, "=", A_bar.shape)
print("cotangent of B", A.T.shape, "@", Y_bar.shape, "=", B_bar.shape)
assert A_bar.shape == A.shape
assert B_bar.shape == B.shape

# %% [markdown]
# Shapes fit; is it true? The end result is one number, such as a loss. Of the way from
# $Y$ to it a pullback knows only $\bar Y$, its slope by each entry of $Y$, and must be
# right whatever that is. So we may draw $\bar Y$, and take the simplest end result that
# has these slopes: $\langle \bar Y, Y \rangle$, multiply entry by entry and add.
#
# A nudge of $A$ by a step $t$ along any direction $V$ must change it by what $\bar A$
# foretells, $\langle \bar A, V \rangle$. One number for all entries at once, which is
# how gradients are proven on these pages:
#
# $$ \frac{\langle \bar Y, f(A + tV) - f(A - tV) \rangle}{2t}
#    = \langle \bar A, V \rangle \tag{4} $$


# %%
def differs(f, x, gradient, cotangent, t=1e-5):
    """Relative difference of the two sides of (4), along a random direction."""
    v = np.random.default_rng(1).normal(size=x.shape)
    measured = (cotangent * (f(x + t * v) - f(x - t * v))).sum() / (2 * t)
    foretold = (gradient * v).sum()
    return abs(foretold - measured) / abs(measured)


print(f"A: {differs(lambda A: A @ B, A, A_bar, Y_bar):.0e}")
print(f"B: {differs(lambda B: A @ B, B, B_bar, Y_bar):.0e}")
assert differs(lambda A: A @ B, A, A_bar, Y_bar) < 1e-8
assert differs(lambda B: A @ B, B, B_bar, Y_bar) < 1e-8

# %% [markdown]
# ## 3 · An engine in under sixty lines
#
# A value that remembers needs three things beside its array: what it was made from,
# the pullback, and a place for its gradient. An operation computes its output, and
# writes down the pullback where forward is still in sight. Read each line with (3) in
# mind; `d` is the cotangent of the output.
#
# The walk back starts with a cotangent at the end. It goes through the values in some
# order, hands each one's gradient to its pullback, and adds what comes out to the
# inputs.


# %%
class Value:
    """An array that remembers how it was made."""

    def __init__(self, data, name="leaf", inputs=(), pullback=None):
        self.data, self.name = np.asarray(data, float), name
        self.inputs, self.pullback, self.grad = inputs, pullback, None

    def __add__(self, other):
        return Value(self.data + other.data, "add", (self, other), lambda d: (d, d))

    def __sub__(self, other):
        return Value(self.data - other.data, "sub", (self, other), lambda d: (d, -d))

    def __mul__(self, other):
        a, b = self.data, other.data
        return Value(a * b, "mul", (self, other), lambda d: (d * b, d * a))

    def __matmul__(self, other):
        a, b = self.data, other.data
        return Value(a @ b, "matmul", (self, other), lambda d: (d @ b.T, a.T @ d))


def tanh(x):
    y = np.tanh(x.data)
    return Value(y, "tanh", (x,), lambda d: (d * (1 - y * y),))


def total(x):
    return Value(x.data.sum(), "sum", (x,), lambda d: (np.full(x.data.shape, d),))


def walk_back(root, cotangent, order):
    """Put into .grad of every value what (2) says."""
    root.grad = cotangent
    for value in order(root):
        if value.pullback is not None:
            for source, part in zip(
                value.inputs, value.pullback(value.grad), strict=True
            ):
                source.grad = part if source.grad is None else source.grad + part


# %% [markdown]
# In which order? The obvious one: the end, then what it was made from, then what *that*
# was made from, level by level, nothing twice. That is a **breadth-first** walk. We
# test it as people do: every operation, and then a residual, against (4).


# %%
from collections import deque


def breadth_first(root):
    """Level by level, each value where it is first met."""
    order, waiting, met = [], deque([root]), {root}
    while waiting:
        value = waiting.popleft()
        order.append(value)
        for source in value.inputs:
            if source not in met:
                met.add(source)
                waiting.append(source)
    return order


def report(f, arrays, order):
    """Print how far each input's gradient is from the truth; return these numbers."""
    leaves = [Value(array) for array in arrays]
    root = f(*leaves)
    cotangent = np.random.default_rng(2).normal(size=root.data.shape)
    walk_back(root, cotangent, order)
    errors = []
    for i, leaf in enumerate(leaves):
        assert leaf.grad.shape == leaf.data.shape

        def alone(array, i=i):
            return f(*leaves[:i], Value(array), *leaves[i + 1 :]).data

        errors.append(differs(alone, leaf.data, leaf.grad, cotangent))
    print(f"{f.__name__:14}", "  ".join(f"{error:.0e}" for error in errors))
    return errors


def product(a, b):
    return a * b


def one_residual(x, w):
    return x + tanh(x @ w)


X, W1, W2 = x.numpy(), first.numpy(), second.numpy()  # (2, 3), (3, 3), (3, 3)
errors = report(product, [X, X[::-1]], breadth_first)
errors += report(tanh, [X], breadth_first)
errors += report(one_residual, [X, W1], breadth_first)
assert max(errors) < 1e-7

# %% [markdown]
# All right to seven digits and more. We might ship it.
#
# **Predict**: now two residuals in series, the tape at the top of this page. Which of
# the three gradients are right: of $x$, of the first weight, of the second weight?


# %%
my_guess = (None, None, None)  # True or False for x, first, second


def two_residuals(x, first, second):
    h = x + tanh(x @ first)
    return h + tanh(h @ second)


errors = report(two_residuals, [X, W1, W2], breadth_first)
print("right:        ", *[error < 1e-7 for error in errors])
assert [error < 1e-7 for error in errors] == [False, False, True]

# %% [markdown]
# The operations are right, the residual is right, and two of them in series are wrong,
# not by a rounding but by a large part of the gradient. The last weight is right, so
# the model even learns something. We have met this in a published library: its CvT had
# every logit right to the last digits and most of its gradients wrong, by the order of
# its walk.
#
# ## 4 · Who must wait for whom
#
# Watch the walk. Below, each line is a value handing on its gradient, with how many of
# its uses had reported by then.


# %%
def shares_in_time(root, order):
    """Yield name, uses that had reported when it was its turn, and all its uses."""
    values = order(root)
    uses = dict.fromkeys(values, 0)
    for value in values:
        for source in value.inputs:
            uses[source] += 1
    reported = dict.fromkeys(values, 0)
    for value in values:
        yield value.name, reported[value], uses[value]
        for source in value.inputs:
            reported[source] += 1


root = two_residuals(Value(X), Value(W1), Value(W2))
for name, reported, uses in shares_in_time(root, breadth_first):
    print(f"{name:7} {reported} of {uses}", " <- too early" * (reported < uses))

# %% [markdown]
# Two lines are marked. The `leaf` is $x$, and does no harm: a leaf passes nothing on,
# so a share that comes late is only added to its `grad`. In one residual alone the
# value used twice is a leaf, and that is why the test was green.
#
# The `add` is $h$. It lies one step from the end by the arc, and three steps by the
# long road. Level by level it is met by the *short* road, and passes on what came along
# it. The rest arrives later; it is added to `h.grad`, but nobody passes it on.
#
# So: **a value may hand on its gradient only when all that was made from it has handed
# on its own.** List every value *after* all its inputs, going depth first, and walk the
# list from its end.


# %%
def tape_order(root):
    """Every value after all it was made from; then backwards."""
    order, met = [], set()

    def visit(value):
        if value not in met:
            met.add(value)
            for source in value.inputs:
                visit(source)
            order.append(value)

    visit(root)
    return order[::-1]


for name, reported, uses in shares_in_time(root, tape_order):
    print(f"{name:7} {reported} of {uses}", " <- too early" * (reported < uses))
errors = report(two_residuals, [X, W1, W2], tape_order)
assert max(errors) < 1e-7

import inspect

methods = filter(inspect.isfunction, vars(Value).values())
engine = [*methods, tanh, total, walk_back, tape_order]
lines = 2 + sum(len(inspect.getsource(part).splitlines()) for part in engine)
print(f"the engine has {lines} lines")
assert lines < 60

# %% [markdown]
# That is an engine. Every framework has these parts under other names.
#
# ## 5 · It learns, either way
#
# Four residuals in series are to learn from 64 points $(a, b)$ whether $a$ and $b$ have
# the same sign. The loss is a mean square; each step moves the weights a little against
# their gradients. We train twice from the same start: with `tape_order`, and with the
# breadth-first walk, whose gradients are right only for the weights nearest the end.
#
# **Predict**: what does the loss of the second do: fall less, stay, or explode?


# %%
my_guess = None


def train(order, steps=300, rate=0.02, width=8):
    """Loss of every step."""
    rng = np.random.default_rng(0)
    points = rng.uniform(-2, 2, size=(64, 2))
    inputs = np.hstack([points, np.ones((64, width - 2))])  # (64, 8)
    target = Value(np.sign(points[:, :1] * points[:, 1:]))  # (64, 1)
    weights = [0.5 * rng.normal(size=(width, width)) for _ in range(4)]
    weights.append(0.3 * rng.normal(size=(width, 1)))
    losses = []
    for _ in range(steps):
        leaves = [Value(weight) for weight in weights]
        h = Value(inputs)
        for leaf in leaves[:-1]:
            h = h + tanh(h @ leaf)
        error = h @ leaves[-1] - target
        loss = total(error * error) * Value(1 / 64)
        walk_back(loss, np.array(1.0), order)
        weights = [leaf.data - rate * leaf.grad for leaf in leaves]
        losses.append(loss.data.item())
    return losses


right, wrong = train(tape_order), train(breadth_first)
steps = np.arange(len(right))
print(f"right order: {right[0]:.2f} to {right[-1]:.2f}")
print(f"wrong order: {wrong[0]:.2f} to {wrong[-1]:.2f}")
assert right[-1] < wrong[-1] < 0.2 * wrong[0]
named = {"right order": (steps, right), "wrong order": (steps, wrong)}
mc.viz.curves(named, "step", "mean square error", log="y")

# %% [markdown]
# It falls, smoothly, like a loss that is well. Had you only the orange curve, you would
# tune the learning rate. [06](06_norms_gelu_and_mlp.ipynb) does this to a CvT.
#
# ## 6 · Ours
#
# Here is the library's, printed from its source. Read the `while` loop of the first
# function: a `node` is what a tensor remembers (a leaf has none), and `arrived` is what
# has come back to each tensor so far, added up. What stands around it refuses calls
# that make no sense, tells `mc.observe`, and frees memory; you may skip it.
#
# The walk waits as our small engine does; its order is computed by the second function.
# The third is an operation, declared in one place: what it costs, the output, the
# pullback. Compare it with (3): `swapaxes` is the transpose of the last two axes, and
# `lambda:` leaves out those cotangents that nobody needs.

# %%
from minicvt import node

show(mc.Tensor.backward, node.tape_order, mc.ops.matmul)

# %% [markdown]
# The order is our rule, with a stack of its own in place of a function that calls
# itself.
#
# **Predict**: a chain of 10,000 additions. Which of the two engines walks back over it?

# %%
my_guess = (None, None)  # the small engine, ours

LONG = 10_000


def chain(start):
    end = start
    for _ in range(LONG):
        end = end + start
    return end


try:
    walk_back(chain(Value(1.0)), np.array(1.0), tape_order)
    print("small engine: walked")
except RecursionError:
    print("small engine: RecursionError")

start = mc.Tensor(1.0, requires_grad=True)
chain(start).backward()
print("ours: walked, gradient", start.grad)
assert start.grad == LONG + 1

# %% [markdown]
# Python lets functions call themselves about a thousand deep. A network is not that
# deep, until somebody writes a loop over time steps.
#
# ## 7 · Gradients add up, also when you do not mean it
#
# Equation (2) adds over roads. Two losses are two roads as well, so `backward` **adds**
# to `.grad`, and whoever trains clears it before each step.

# %%
weight = mc.nn.Parameter(np.array([2.0, -1.0]))
for step in (1, 2):
    (weight * weight).sum().backward()
    print(f"after backward number {step}: {weight.grad}")
assert np.array_equal(weight.grad, 2 * (2 * weight.numpy()))

# %% [markdown]
# Twice the gradient, although the weight never moved: forgetting to clear
# (`optimizer.zero_grad()`) is a learning rate that grows with every step.
#
# Walking the *same* tape twice is another matter.
#
# **Predict**: the small engine walks the chain $a \to b \to c \to y$ of four values
# twice, nothing cleared. How many times too large is the gradient of $a$?

# %%
my_guess = None

a = Value([[0.5]])
b = tanh(a)
c = tanh(b)
y = tanh(c)
gradients = []
for _ in range(2):
    walk_back(y, np.ones((1, 1)), tape_order)
    gradients.append(np.array([value.grad.item() for value in (y, c, b, a)]))
times = gradients[1] / gradients[0]
for name, factor in zip("ycba", times, strict=True):
    print(f"gradient of {name}: times {factor:.0f}")
assert np.allclose(times, [1, 2, 3, 4])

# %% [markdown]
# Not two. Only $y$ is given its gradient anew. The others kept what they had, and each
# adds to it all that the one after it holds by now. Ours keeps sums in between only
# while it walks, adds to leaves alone, and then frees the tape, so that this mistake
# has a name:

# %%
a = mc.Tensor([[0.5]], requires_grad=True)
y = mc.ops.tanh(mc.ops.tanh(mc.ops.tanh(a)))
y.backward()
once = a.grad
try:
    y.backward()
except mc.errors.GraphError as error:
    print(error)
assert a.grad is once

# %% [markdown]
# ## 8 · Proven
#
# Equation (4) needs no rule, only the function. `mc.verify.gradcheck` draws random
# cotangents and directions, takes the differences more cleverly than we did
# ([02](02_how_close_is_close_enough.ipynb) is about that), and compares. First the two
# residuals that broke the breadth-first walk:


# %% tags=["volatile"]
def two_residuals(x, first, second):
    h = x + mc.ops.tanh(x @ first)
    return h + mc.ops.tanh(h @ second)


mc.verify.gradcheck(two_residuals, X, W1, W2).check()

# %% [markdown]
# And would it have told us? We give our own `backward` the breadth-first order, and ask
# again.

# %%
from unittest.mock import patch


def level_by_level(root):
    """Breadth first, in the form that our backward takes: the root last."""
    order, met = [root], {id(root)}
    for tensor in order:
        if tensor.node is not None:
            for _, source in tensor.node.differentiable():
                if id(source) not in met:
                    met.add(id(source))
                    order.append(source)
    return order[::-1]


def one_residual(x, first):
    return x + mc.ops.tanh(x @ first)


with patch("minicvt.tensor.tape_order", level_by_level):
    alone = mc.verify.gradcheck(one_residual, X, W1)
    series = mc.verify.gradcheck(two_residuals, X, W1, W2)
print("one residual right: ", alone.ok)
print("two in series right:", series.ok)
print(str(series).splitlines()[0])
assert not alone.ok
assert not series.ok

# %% [markdown]
# Caught, and already in one residual: our `backward` hands a leaf its gradient once,
# when its turn comes, where the small engine went on adding to it. (More was compared
# than before: where a direction differs, `gradcheck` halves it until it has the entry.)
#
# The library also keeps a collection of bugs for its own source, each an edit of one
# line, to see which checks notice; `planted` puts one in for as long as the `with`
# lasts. One of them goes depth first, but lists each tensor *before* its inputs. Which
# input does it follow first? The one that was put on the stack last.
#
# **Predict**: with that bug, does it matter whether we write `h + f(h)` or `f(h) + h`?

# %%
my_guess = None

from minicvt.verify.audit.mutant import planted
from minicvt.verify.audit.planted.engine import BUGS


def function_first(x, first, second):
    h = mc.ops.tanh(x @ first) + x
    return mc.ops.tanh(h @ second) + h


bug = next(bug for bug in BUGS if bug.function == "tape_order")
print(f"{bug.says}: {bug.before} becomes {bug.after}")
with planted(bug):
    arc_first = mc.verify.gradcheck(two_residuals, X, W1, W2).ok
    arc_last = mc.verify.gradcheck(function_first, X, W1, W2).ok
print("h + f(h) right:", arc_first)
print("f(h) + h right:", arc_last)
assert arc_first != arc_last

# %% [markdown]
# It does: the walk is right by luck when the input it follows first is the long road. A
# test needs both, and graphs that nobody thought of; ours are drawn at random.
#
# Last, a whole CvT in float64, through convolutions, BatchNorm, attention and four
# residuals in series: the images and every parameter, each along one direction.

# %% tags=["volatile"]
model = mc.models.build("cvt-c8w", dtype="float64", seed=0)
images = rng.normal(size=(3, 8, 8, 1))
proof = mc.verify.gradcheck(model, images, directions=1).check()
print(str(proof).splitlines()[0])
print("worst:", proof.worst.input, f"{proof.worst.error:.0e}")
assert len(proof.probes) == 1 + len(list(model.named_parameters()))

# %% [markdown]
# ## 9 · Your turn
#
# Replace each `None`, run the cell, then the check below it, which says what is wrong.


# %% tags=["exercise"]
def sigmoid_pullback(d, y):
    """Cotangent of x for y = 1 / (1 + exp(-x)), from that of y, and y itself."""
    return None


def undo_broadcast(d, rows):
    """Y = X + b adds one row b to each row of X. Cotangent of b from d, that of Y.

    b may also have the shape (1, C), then rows is 1, else None; the result has b's
    shape.
    """
    return None


def slope(made_from, root, leaf):
    """d root / d leaf, where made_from[name] lists (input, slope of that step).

    A name that is not in made_from is a leaf. Mind section 4.
    """
    return None


# %% tags=["check"]
d = rng.normal(size=(4, 3))
s = 1 / (1 + np.exp(-rng.normal(size=(4, 3))))
residuals = {
    "y": [("h", 1.0), ("g", 1.0)],
    "g": [("k", 0.5)],
    "k": [("h", 3.0)],
    "h": [("x", 1.0), ("f", 1.0)],
    "f": [("x", -0.5)],
}
straight = {f"v{i + 1}": [(f"v{i}", 1.0), ("v0", 0.5)] for i in range(20)}
check(sigmoid_pullback, ((d, s), d * s * (1 - s)))
check(undo_broadcast, ((d, None), d.sum(0)), ((d, 1), d.sum(0, keepdims=True)))
of_names = [((residuals, "g", "h"), 1.5), ((residuals, "y", "x"), 1.25)]
check(slope, *of_names, ((residuals, "h", "h"), 1.0), ((straight, "v20", "v0"), 11.0))

# %% [markdown]
# **Next**: [02](02_how_close_is_close_enough.ipynb). The checks here said `1e-10` and
# we were content. How close is close enough, and which wrong gradients would pass?
