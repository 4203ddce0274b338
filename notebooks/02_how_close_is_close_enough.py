# %% [markdown]
# # 02 · How close is close enough
#
# **Afterwards you can** measure a derivative as well as a computer can, choose the step
# or do without one, say which check sees which kind of wrong gradient, and draw inputs
# on which a mistake cannot hide.
#
# **You need** [01](01_a_tensor_that_remembers.ipynb): cotangents, pullbacks, equation
# (4). **60 minutes**, and 20 for section 10; after section 4 is a good place for a
# break.
#
# A gradient is checked against a difference, and the difference is wrong too. How wrong
# depends on the step $h$. The curves below are for CvT's own *activation* (the bent
# function in its MLP), QuickGELU, at 200 places. This page is about their shape first,
# and then about what to compare.

# %%
import numpy as np

import minicvt as mc

METHODS = {
    "forward difference": lambda f, x, h: (f(x + h) - f(x)) / h,
    "central difference": lambda f, x, h: (f(x + h) - f(x - h)) / (2 * h),
    "complex step": lambda f, x, h: f(x + 1j * h).imag / h,
}


def quick_gelu(x):
    return x / (1 + np.exp(-1.702 * x))


def slope(x):
    s = 1 / (1 + np.exp(-1.702 * x))
    return s + 1.702 * x * s * (1 - s)


def error(ours, right):
    """Relative, of a whole array: the largest difference by the largest value."""
    return np.abs(ours - right).max() / np.abs(right).max()


x, steps = np.random.default_rng(0).normal(size=200), np.logspace(-16, 0, 97)
errors = {
    name: np.array([error(method(quick_gelu, x, h), slope(x)) for h in steps])
    for name, method in METHODS.items()
}
lines = {name: (steps, values) for name, values in errors.items()}
mc.viz.curves(lines, "step h", "relative error of the derivative", log="xy")

# %% [markdown]
# ## 1 · The V
#
# Read the blue curve from the right. A forward difference leaves out the bend of the
# function, an error as large as the step. In a central one the bend is the same on both
# sides and cancels; what it leaves out is like the step *squared*. What is left out is
# called the **truncation** error:
#
# $$ \frac{f(x+h) - f(x)}{h} = f'(x) + \frac{h}{2} f''(x) + \dots \tag{1} $$
#
# $$ \frac{f(x+h) - f(x-h)}{2h} = f'(x) + \frac{h^2}{6} f'''(x) + \dots \tag{2} $$
#
# So smaller is better, until it is not. A float64 carries about 16 digits, so that two
# values of $f$ are each wrong by $\varepsilon \approx 2 \cdot 10^{-16}$ of their size.
# The difference keeps that error, and dividing by a small $h$ makes it large:
# $\varepsilon / h$. The two errors meet at the bottom of the V.
#
# **Predict**: how many digits of a central difference are right at the best step, and
# how many at $h = 10^{-15}$?

# %% tags=["volatile"]
my_guess = (None, None)

for name, values in errors.items():
    low = steps[values < 3 * values.min()]  # as good as the best, or nearly
    print(f"{name:19} best {values.min():.0e}, h = {low[0]:.0e} to {low[-1]:.0e}")
central = METHODS["central difference"]
at_tiny = error(central(quick_gelu, x, 1e-15), slope(x))
print(f"central difference at h = 1e-15: {at_tiny:.0e}")

assert at_tiny > 1e-2
assert 1e-9 < errors["forward difference"].min() < 1e-7
assert 1e-12 < errors["central difference"].min() < 1e-9

# %% [markdown]
# Ten digits at best and hardly one at that tiny step: a *smaller* step is not a better
# one. The bottom is where truncation and rounding are equal. For (1) that is
# $h \approx \varepsilon^{1/2}$, for (2) $h \approx \varepsilon^{1/3}$:

# %%
eps = {"float64": np.finfo(np.float64).eps, "float32": np.finfo(np.float32).eps}
for dtype, e in eps.items():
    print(f"{dtype}: eps {e:.0e}, forward {e**0.5:.0e}, central {e ** (1 / 3):.0e}")
bottom = steps[errors["central difference"].argmin()]
assert 0.1 < bottom / eps["float64"] ** (1 / 3) < 10

# %% [markdown]
# ## 2 · float32 to run, float64 to verify
#
# Now the same in float32, which has seven digits to lose.
#
# **Predict**: how many digits of a central difference are right at *its* best step?

# %%
my_guess = None

single = x.astype(np.float32)
in_single = np.array(
    [error(central(quick_gelu, single, np.float32(h)), slope(x)) for h in steps]
)
print(f"float32, best step:           {in_single.min():.0e}")
at_float64s_step = in_single[errors["central difference"].argmin()]
print(f"float32, the step of float64: {at_float64s_step:.0e}")
assert 1e-6 < in_single.min() < 1e-3
named = {"float32": (steps, in_single), "float64": lines["central difference"]}
mc.viz.curves(named, "step h", "relative error, central difference", log="xy")

# %% [markdown]
# The whole V is lifted. Four digits at best, and at the step that is right in float64
# hardly two: there a gradient that is off by a thousandth looks like one that is right.
# So models *run* in float32, which is faster, and are *checked* in float64, and our
# `gradcheck` takes nothing else:

# %%
try:
    mc.verify.gradcheck(mc.ops.quick_gelu, single)
except mc.errors.DtypeError as refused:
    print(refused)

# %% [markdown]
# ## 3 · A step that nothing cancels
#
# The green curve is no V: it rises to the right only. Take the step along the imaginary
# axis:
#
# $$ f(x + ih) = f(x) + i h f'(x) - \frac{h^2}{2} f''(x) - \dots
#    \quad\Rightarrow\quad f'(x) = \frac{\operatorname{Im} f(x + ih)}{h} + O(h^2)
#    \tag{3} $$
#
# The derivative comes in the imaginary part, by itself. Nothing is subtracted, so
# nothing cancels, and $h$ may be $10^{-20}$. It is exact to rounding.
#
# **Predict**: what does the complex step say of $|x|$ at $x = -2$, where the slope is
# $-1$?

# %%
my_guess = None

complex_step = METHODS["complex step"]
print("complex step      ", complex_step(np.abs, -2.0, 1e-20))
print("central difference", round(central(np.abs, -2.0, 1e-5), 6))
assert complex_step(np.abs, -2.0, 1e-20) == 0
assert np.isclose(complex_step(quick_gelu, -2.0, 1e-20), slope(-2.0), rtol=1e-14)

# %% [markdown]
# Zero: of a complex number $|\cdot|$ is the distance from the origin, which has no
# imaginary part. The trick holds for functions that are *analytic*, that is, have a
# derivative among the complex numbers too: sums, products, `exp` and what is made of
# them. `abs`, `max` and `x > 0` mean something else there.
#
# ## 4 · A step that chooses itself
#
# Equation (2) says more than "the error is small": it says what the error *is*. Halve
# the step, and the term with $h^2$ shrinks by four. So of two differences one can make
# a third without it (Richardson):
#
# $$ D^*(h) = \frac{4\, D(h/2) - D(h)}{3} = f'(x) + O(h^4) \tag{4} $$


# %%
def richardson(f, x, h):
    return (4 * central(f, x, h / 2) - central(f, x, h)) / 3


for h in (0.1, 0.05, 0.025):
    plain = error(central(quick_gelu, x, h), slope(x))
    better = error(richardson(quick_gelu, x, h), slope(x))
    print(f"h = {h:<6} plain {plain:.1e}   without h^2 {better:.1e}")
ratio = [error(richardson(quick_gelu, x, h), slope(x)) for h in (0.05, 0.025)]
assert 12 < ratio[0] / ratio[1] < 20  # h^4: half the step, a sixteenth of the error

# %% [markdown]
# Repeat that for $h^4$, $h^6$ and so on, while the estimates still agree better and
# better, and stop where rounding takes over. That is Ridders' method, and what our
# `gradcheck` does. There is no step to choose, and it knows how sure it is: where the
# function has a *corner*, as $|x|$ at 0, nothing agrees. Below, `_extrapolated` is (4),
# once for each power; `DIGITS` is an agreement that is enough, and after `SOME`
# agreement, disagreement is taken for rounding.

# %%
from minicvt.lessons import check, show
from minicvt.verify.gradients.differences import ridders

show(ridders)

# %%
at = np.array([0.7])
found = ridders(lambda h: central(quick_gelu, at, h).item(), 1 / 64)
print(f"QuickGELU at 0.7: error {error(found.value, slope(at)):.0e}")
corner = ridders(lambda h: central(np.abs, np.array([0.004]), h).item(), 1 / 64)
first = central(np.abs, 0.004, 1 / 64)
print(f"|x| at 0.004: first difference {first:.3f}, in the end {corner.value:.3f}")
assert error(found.value, slope(at)) < 1e-11
assert abs(corner.value - 1) < 1e-9

# %% [markdown]
# ## 5 · What to compare
#
# So a derivative can be had to ten digits and more. A function of arrays has very many:
# one for each pair of an output and an input entry. Four ways to choose among them,
# each a few lines. `gradient(d, *inputs)` is the pullback that is on trial: it takes
# the cotangent of the output, and answers one array for each input.


# %%
def one_index(f, gradient, inputs, rng):
    """Sum as the loss, one random entry of each input."""
    ours = gradient(np.ones_like(f(*inputs)), *inputs)
    for k, g in enumerate(ours):
        unit = np.zeros(g.size)
        unit[rng.integers(g.size)] = 1
        unit = unit.reshape(g.shape)
        measured = central(shifted(f, inputs, k, unit), 0, 1e-5).sum()
        if not np.isclose((g * unit).sum(), measured, 1e-2, 1e-2):
            return False
    return True


def every_entry(f, gradient, inputs, rng):
    """Sum as the loss, every entry of every input."""
    ours = gradient(np.ones_like(f(*inputs)), *inputs)
    for k, g in enumerate(ours):
        for unit in np.eye(g.size).reshape(-1, *g.shape):
            measured = central(shifted(f, inputs, k, unit), 0, 1e-5).sum()
            if not np.isclose((g * unit).sum(), measured, 1e-4, 1e-5):
                return False
    return True


def one_direction(f, gradient, inputs, rng):
    """A random cotangent, and one random direction for each input."""
    c = rng.normal(size=f(*inputs).shape)
    for k, g in enumerate(gradient(c, *inputs)):
        v = rng.normal(size=g.shape)
        measured = (c * central(shifted(f, inputs, k, v), 0, 1e-5)).sum()
        if not np.isclose((g * v).sum(), measured, 1e-5, 1e-5):
            return False
    return True


def gradcheck(f, gradient, inputs, rng):
    """Ours: three random directions, extrapolated, tolerance 1e-7."""
    return mc.verify.gradcheck(f, *inputs, gradient=gradient).ok


def shifted(f, inputs, k, v):
    """f of how far the k-th input is moved along v."""
    return lambda h: f(*inputs[:k], inputs[k] + h * v, *inputs[k + 1 :])


CHECKS = [one_index, every_entry, one_direction, gradcheck]

# %% [markdown]
# The first two take the **sum** of the output as the loss. That is what many tutorials
# do, and it has a hole. Three operations will show it. A *softmax* turns the numbers of
# a row into weights that add up to one, $e^{x_i} / \sum_j e^{x_j}$. *LayerNorm* brings
# each row to mean 0 and variance 1, *BatchNorm* each column; both then multiply by a
# learned gamma and add a learned beta.
#
# **Predict**: a softmax over four numbers, and the loss is the sum of its outputs. How
# large is the gradient?

# %%
my_guess = None

rng = np.random.default_rng(3)
rows, gamma, beta = rng.normal(size=(3, 4)), np.ones(4), np.zeros(4)


def of_gradient(operation, cotangent):
    """Largest entry of the gradient of the first input, (3, 4)."""
    leaf = mc.Tensor(rows, requires_grad=True)
    output = operation(leaf)
    output.backward(cotangent)
    assert leaf.grad.shape == output.shape == (3, 4)
    return np.abs(leaf.grad).max()


operations = {
    "softmax": mc.ops.softmax,
    "LayerNorm": lambda leaf: mc.ops.layer_norm(leaf, gamma, beta),
    "BatchNorm": lambda leaf: mc.ops.batch_norm(leaf, gamma, beta)[0],
}
c = rng.normal(size=(3, 4))
for name, operation in operations.items():
    summed = of_gradient(operation, np.ones((3, 4)))
    drawn = of_gradient(operation, c)
    print(f"{name:10} sum as the loss {summed:.0e}   random cotangent {drawn:.2f}")
    assert summed < 1e-12 < 1e-2 < drawn

# %% [markdown]
# Zero, in all three. The outputs of a softmax add up to one whatever goes in, and those
# of a normalised row or column to zero, while gamma is the same for all of them and
# beta is zero. With a sum as the loss, a rule that answers *zeros* passes. These are
# the very operations that a transformer is made of.
#
# ## 6 · Break one yourself
#
# Here is a LayerNorm with its gradient, right, without bias and without the tiny
# $\epsilon$ under the root. ([06](06_norms_gelu_and_mlp.ipynb) derives it.)


# %%
def layer_norm(x, weight):
    centred = x - x.mean(1, keepdims=True)
    return centred / np.sqrt((centred**2).mean(1, keepdims=True)) * weight


def layer_norm_gradient(d, x, weight):
    centred = x - x.mean(1, keepdims=True)
    rstd = 1 / np.sqrt((centred**2).mean(1, keepdims=True))
    xhat = centred * rstd
    g = d * weight
    dx = g - g.mean(1, keepdims=True)
    dx = dx - xhat * (g * xhat).mean(1, keepdims=True)
    return dx * rstd, (d * xhat).sum(0)


inputs = [rng.normal(size=(3, 4)), rng.normal(size=4)]  # x (3, 4), weight (4,)
for kind in CHECKS:
    content = kind(layer_norm, layer_norm_gradient, inputs, rng)
    print(f"{kind.__name__:14} content: {content}")
    assert content

# %% [markdown]
# Each row below plants one bug by replacing a piece of that text. **Add a row of your
# own**, the old text and the new, and try to make one that passes. (The old text must
# stand there exactly once.)
#
# **Predict**: which of the four see the third, a gradient that ignores the cotangent
# altogether?

# %%
my_guess = None

import inspect

BUGS = {
    "gamma is forgotten": ("g = d * weight", "g = d"),
    "the mean is a constant": ("g - g.mean(1, keepdims=True)", "g"),
    "the cotangent is ignored": ("g = d * weight", "g = weight + 0 * d"),
    "dx turned upside down": ("dx * rstd,", "(dx * rstd)[::-1],"),
    "the deviation is a constant": ("xhat * (g * xhat)", "0 * (g * xhat)"),
    "unbiased variance": ("(g * xhat).mean", "4 / 3 * (g * xhat).mean"),
    "dweight of the first row": ("(d * xhat).sum(0)", "(d * xhat)[0]"),
    "one per thousand too large": ("dx * rstd,", "1.001 * dx * rstd,"),
}


def broken(gradient, before, after):
    """Return the function with a piece of its text replaced."""
    text = inspect.getsource(gradient)
    assert text.count(before) == 1, f"{before!r} should stand there once"
    space = {"np": np}
    exec(text.replace(before, after), space)
    return space[gradient.__name__]


def seen_by(gradient, inputs):
    """Names of the checks that see a bug."""
    rng = np.random.default_rng(0)
    return [k.__name__ for k in CHECKS if not k(layer_norm, gradient, inputs, rng)]


found = {
    says: seen_by(broken(layer_norm_gradient, *edit), inputs)
    for says, edit in BUGS.items()
}
width = max(map(len, BUGS))
print(" " * width, *[kind.__name__ for kind in CHECKS])
for says, names in found.items():
    kinds = [kind.__name__ for kind in CHECKS]
    print(f"{says:{width}}", *[".x"[k in names].center(len(k)) for k in kinds])
assert found["the cotangent is ignored"] == ["one_direction", "gradcheck"]
assert "one_index" not in found["one per thousand too large"]
assert all("gradcheck" in names for names in found.values())

# %% [markdown]
# A cotangent of ones is what the bug in the third row assumes, so a sum as the loss
# agrees with it. One random entry is luck, and its tolerance lets a thousandth pass.
# A random direction with a random cotangent sees every row, and costs two calls of the
# function for each input, where every entry costs two calls for each *entry*. Ours
# extrapolates along three directions, which takes more, but no more for larger inputs:

# %% tags=["volatile"]
image = (2, 14, 14, 192)  # tokens of a small CvT stage
print(f"every entry:   {2 * np.prod(image):,} calls of the function")
print("one direction: 2")

calls = []


def counted(*given):
    calls.append(given)
    return layer_norm(*given)


mc.verify.gradcheck(counted, *inputs, gradient=layer_norm_gradient)
print(f"gradcheck:     {len(calls) // len(inputs)}, as used above")

# %% [markdown]
# ## 7 · Where a bug can hide
#
# The first bug above forgets gamma. We ask again, with inputs as many a test has them.
#
# **Predict**: gamma is all ones, as every LayerNorm begins. Which checks see it now?

# %%
my_guess = None

forgets_gamma = broken(layer_norm_gradient, *BUGS["gamma is forgotten"])
plain = [inputs[0], np.ones(4)]
print("gamma drawn:", ", ".join(seen_by(forgets_gamma, inputs)))
print("gamma ones: ", ", ".join(seen_by(forgets_gamma, plain)) or "nobody")
assert not seen_by(forgets_gamma, plain)

# %% [markdown]
# Nobody: no check can see what makes no difference on its inputs. Whatever is *special*
# about them hides a bug: ones, zeros, a square, one row, an index used once. Here are
# four bugs of the library's own collection, each with the call that hides it. They are
# planted in our source, one at a time, and `gradcheck` looks at both calls.

# %%
from minicvt.verify.audit.mutant import planted
from minicvt.verify.audit.planted import PULLBACKS
from minicvt.verify.audit.trial import steady


def bug(function, says):
    return next(b for b in PULLBACKS if (b.function, b.says) == (function, says))


def drawn(*shapes):
    return [np.random.default_rng(4).normal(size=shape) for shape in shapes]


def pick(x):
    return x[[2, 0, 2]] * 3


def pick_each_once(x):
    return x[[2, 0, 1]] * 3


HIDDEN = [
    (
        bug("batch_norm_backward", "divided by the channels"),
        ("4 rows, 4 channels", mc.ops.batch_norm, drawn((4, 4), (4,), (4,))),
        ("4 rows, 3 channels", mc.ops.batch_norm, drawn((4, 3), (3,), (3,))),
    ),
    (
        bug("column_sum", "the last row only"),
        ("one row", mc.ops.linear, drawn((1, 3), (4, 3), (4,))),
        ("five rows", mc.ops.linear, drawn((5, 3), (4, 3), (4,))),
    ),
    (
        bug("Piece.add_to", "overwritten, not added up"),
        ("each index once", pick_each_once, drawn((3, 2))),
        ("an index twice", pick, drawn((3, 2))),
    ),
    (
        bug("transpose", "turned on, not back"),
        ("two axes", lambda x: x.transpose(1, 0) * 2, drawn((3, 4))),
        ("three axes", lambda x: x.transpose(1, 2, 0) * 2, drawn((3, 3, 3))),
    ),
]

print(f"{'bug':44} hidden by           seen with")
with steady():
    for mutant, *calls in HIDDEN:
        with planted(mutant):
            content = [mc.verify.gradcheck(f, *given).ok for _, f, given in calls]
        what = f"{mutant.function}: {mutant.says}"
        print(f"{what:44} {calls[0][0]:19} {calls[1][0]}")
        assert content == [True, False], (mutant, content)

# %% [markdown]
# So draw inputs that **break symmetry**: gamma is not 1, height is not width, the
# kernel and the stride differ along the two axes, more than one image, an index twice.
# Every operation of this library is tested with such draws.
#
# ## 8 · The kill table
#
# Do checks that pass mean anything? Ask them about code that is known to be wrong. The
# library keeps bugs that somebody might make in each of its pullbacks, and `minicvt
# audit` plants them one at a time and notes who sees what; the result is
# `docs/kill-table.md` (a bug that is seen is *killed*). Here it is in small: all bugs
# of pullbacks that a person thought of, and five kinds of check, with two small calls
# each, which break symmetry. Four are those of section 5. The fifth takes every entry
# of the **Jacobian**, the table of how each output entry changes with each input entry.
#
# `planted` puts a bug in for as long as the `with` lasts, `run_by` says which
# operations run a function, and in brackets stands who checks so. The cell takes some
# seconds.

# %% tags=["volatile"]
from minicvt.verify.audit.checks import CHECKS as KINDS
from minicvt.verify.audit.reach import reach_of

NAMES = ("one index", "every entry", "direction", "Jacobian", "gradcheck")
seen = {name: set() for name in NAMES}
with steady():
    run_by = {b: sorted(reach_of(b).operations) for b in PULLBACKS}
    for b in PULLBACKS:
        with planted(b):
            for name in NAMES:
                if KINDS[name].first_call(run_by[b], calls=2) is not None:
                    seen[name].add(b)

for name in NAMES:
    print(f"{name}: {KINDS[name].says}")
print(f"{len(PULLBACKS)} bugs in {len({b.function for b in PULLBACKS})} functions")
for name in NAMES:
    print(f"  {name:12} sees {len(seen[name]) / len(PULLBACKS):.0%}")
print("seen by direction, not by the Jacobian:")
for b in sorted(seen["direction"] - seen["Jacobian"], key=lambda b: b.function):
    print(f"  {b.function}: {b.says}")
assert len(seen["one index"]) < len(seen["direction"]) <= len(seen["gradcheck"])
assert len(seen["direction"]) > len(seen["every entry"])
mc.viz.bars({"bugs seen": {name: len(bugs) for name, bugs in seen.items()}})

# %% [markdown]
# One random direction, two calls of the function, sees more than every entry of a sum.
# It even sees what the Jacobian does not. There each cotangent is a 1 among zeros;
# where the output is one number it is just 1, and a pullback that ignores it passes.
#
# Here one direction sees as much as our three, which guard against an unlucky draw;
# what extrapolation is for, section 9 shows. And some bugs pass all five. A few of
# them:

# %% tags=["volatile"]
unseen = [b for b in PULLBACKS if not any(b in bugs for bugs in seen.values())]
print(f"{len(unseen)} bugs pass all five, for example")
for words in ("writes into its", "equal ones", "padding counts where", "turned on"):
    some = next((b for b in unseen if words in b.says), None)
    if some is not None:
        print(f"  {some.function}: {some.says}")
assert bug("transpose", "turned on, not back") in unseen

# %% [markdown]
# One after the other:
#
# - A pullback that *writes into its cotangent* answers right, and spoils it for whoever
#   else was given the same array: the other road of a residual.
# - At a *corner*, where two values are equal, there is no derivative to compare with.
# - A mistake made *there and back alike* (here: how many entries a window has at the
#   border) is the right derivative of the wrong function.
# - Two small calls *do not provoke* every bug. Section 7 has a call that does.
#
# For these the library looks whether the cotangent is untouched, compares with another
# implementation, and draws many more calls. The walk between operations is nobody's
# pullback; tests of whole graphs see to it ([01](01_a_tensor_that_remembers.ipynb)).
#
# ## 9 · So, how close?
#
# The last question is the first: where should the tolerance lie? For every operation as
# it is, and with every bug planted, *seen or not*, the largest error that `gradcheck`
# finds in the same two calls. A bug that was called unseen only because the tolerance
# is too wide would lie left of the line, and right of the right operations.
#
# **Predict**: how many bugs lie there? (This takes some seconds again. `small_call`
# draws a small call of an operation, `worst` asks `gradcheck` about it.)

# %% tags=["volatile"]
my_guess = None

from minicvt.verify.audit.calls import small_call
from minicvt.verify.operations import OPERATIONS


def worst(name, number):
    """Largest error of one call drawn for an operation."""
    function, sample = small_call(name, number)
    given = [x for x in sample.inputs if x is not None]

    def f(*some):
        rest = iter(some)
        every = [None if x is None else next(rest) for x in sample.inputs]
        return function(*every, **sample.options)

    return mc.verify.gradcheck(f, *given).worst.error


def largest(names):
    return max(worst(name, number) for name in names for number in range(2))


wrong, raised = {}, 0
with steady():
    right = [largest([name]) for name in OPERATIONS]
    for b in PULLBACKS:
        with planted(b):
            try:
                wrong[b] = largest(run_by[b])
            except Exception:  # a bug that raises hides from nobody
                raised += 1
found = [e for b, e in wrong.items() if b in seen["gradcheck"]]
missed = [e for b, e in wrong.items() if b not in seen["gradcheck"]]
print(f"right:  {len(right):3} operations, errors up to {max(right):.0e}")
print(f"unseen: {len(missed):3} bugs, errors up to       {max(missed):.0e}")
print(f"seen:   {len(found):3} bugs, errors from        {min(found):.0e}")
print(f"{raised} more bugs raise an exception, and have no error to draw")
between = [e for e in [*found, *missed] if 1e-9 < e < 1e-5]
print(f"bugs between 1e-9 and 1e-5: {len(between)}")
assert max(right) < 1e-9
assert not between
rows = {"right operations": right, "unseen bugs": missed, "seen bugs": found}
mc.viz.dots(rows, "largest relative error, tolerance 1e-7", log=True, limit=1e-7)

# %% [markdown]
# None. A bug that the two calls provoke is wrong by far more than rounding; one that
# they do not provoke is, on these inputs, as right as the right ones. A narrower
# tolerance would not see it, other inputs would. Between lies an empty field of many
# powers of ten, and it does not matter where in it the tolerance lies.
#
# That is what extrapolation in float64 buys: with the float32 differences of section 2
# right answers would lie in that field too. People argue about tolerances when their
# differences are bad, or when they compare in float32.
#
# **Close enough is just above the error of the measurement. Make that small, and never
# widen the tolerance until the answer passes.**
#
# ## 10 · Your turn
#
# Replace each `None`, run the cell, then the check below it, which says what is wrong.


# %% tags=["exercise"]
def best_step(method, eps):
    """About the best step for a "forward" or a "central" difference."""
    return None


def relative_error(ours, right):
    """Of a whole array: one entry near zero must not spoil it."""
    return None


def is_right(f, gradient, x):
    """Whether gradient(d, x) is the pullback of f, an array to an array, at x.

    By one random direction and a random cotangent; step and tolerance should fit.
    """
    return None


# %% tags=["check"]
def softmax(x):
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def softmax_gradient(d, x):
    y = softmax(x)
    return y * (d - (d * y).sum(-1, keepdims=True))


def softmax_zeros(d, x):
    return np.zeros_like(x)


def gelu_like_gradient(d, x):
    return d * slope(x) * 1.001


a, b = rng.normal(size=(2, 4)), rng.normal(size=(2, 4))
near_zero = np.array([1e-12, 2.0, -4.0])
nudged = np.array([1e-9, 0, 0])
check(best_step, (("forward", 1e-16), 1e-8), (("central", 1e-15), 1e-5))
whole = ((a, b), np.abs(a - b).max() / np.abs(b).max())
check(relative_error, whole, ((near_zero + nudged, near_zero), 1e-9 / 4))
judged = [((softmax, softmax_gradient, a), True), ((softmax, softmax_zeros, a), False)]
check(is_right, *judged, ((quick_gelu, gelu_like_gradient, a), False))

# %% [markdown]
# **Next**: [03](03_convolution_is_a_matrix_product.ipynb). With checks that can be
# trusted we build the first large operation: a convolution, as a matrix product, and
# its way back.
