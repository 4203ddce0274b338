# %% [markdown]
# # 11 · CvT-13 accounted
#
# **Afterwards you can** say where every parameter and every multiply-add of CvT-13 is,
# work one block out by hand, hold a paper's table beside a count, explain why profilers
# give seven numbers for one model, and tell what no count can see.
#
# **You need** notebooks 08, 09 and 10: the embedding, the projection, strided keys and
# values. **50 minutes.**
#
# Below is all of CvT-13, part by part: on the left what has to be stored, on the right
# what has to be computed for one image; the darker, the deeper in the pyramid. (The
# library counts stages from 0, the paper from 1.)

# %%
import minicvt as mc
from minicvt.lessons import show
from minicvt.tables import table

cvt13 = mc.models.variant("cvt-13")
mc.viz.parts(cvt13, (224, 224))

# %% [markdown]
# ## 1 · Two currencies
#
# A **parameter** is a number that is learned and stored. A **MAC** is one
# multiply-add, $a \leftarrow a + b\,c$, in a convolution, a linear map or one of
# attention's two products. A **FLOP** is half a MAC to some authors and a whole one to
# others: the CvT paper prints "FLOPs" and means MACs. Here one MAC is two FLOPs.
#
# The two currencies are spent in different places. A parameter of a linear map works
# once for *every token*, so it costs more where the map is large. (Attention's two
# products have no parameters; they are left out of the third number.)

# %%
with mc.shapes_only():  # counted without a byte of weights
    model = mc.models.build("cvt-13")
ledger = mc.count(model)

stages = [f"stage{i}" for i in range(3)]
macs, parameters = ledger.by("stage"), ledger.by("stage", "parameters")
products = {
    stage: sum(
        entry.macs
        for entry in ledger.entries
        if entry.operation == "attend" and entry.stage == stage
    )
    for stage in stages
}
each = {s: (macs[s] - products[s]) / parameters[s] for s in stages}
for stage, grid in zip(stages, cvt13.grids(), strict=True):
    p, m = (of[stage] / sum(of.values()) for of in (parameters, macs))
    print(f"{stage}: {grid} tokens, {p:.1%} of the parameters, {m:.1%} of the MACs")
    print(f"        a parameter works in {each[stage]:,.0f} MACs")

assert 15 < each["stage0"] / each["stage2"] < 17

# %% [markdown]
# A parameter of the first stage works about sixteen times as hard as one of the last:
# its map has sixteen times the places. That is the bargain of every pyramid: few
# channels where tokens are many, many channels where they are few.
#
# **Predict**: stage 0 has one block, stage 1 two, stage 2 ten. In which of them do
# attention's two products cost most, over all its blocks?

# %%
my_guess = None

for (stage, spent), depth in zip(products.items(), cvt13.depths, strict=True):
    print(f"{stage}: {spent:11,} MACs in {depth} block(s)")

# %% [markdown]
# One block on 56 x 56 tokens pays more for its attention than ten blocks on 14 x 14:
# with the side of the map halved there are four times fewer queries *and* four times
# fewer keys. Keep this in mind when somebody makes the image larger.
#
# ## 2 · One block, by hand
#
# Let $C$ be the channels, $T = HW + c$ the tokens, with $c = 1$ where there is a class
# token, and $S = H_k W_k + c$ the keys; $s = 3$ is the side of the depthwise kernels,
# and inside the MLP is $r = 4$ times wider. Then a block costs
#
# $$ \underbrace{s^2 C\,(HW + 2 H_k W_k)}_{\text{depthwise}}
#  + \underbrace{C^2 (2T + 2S)}_{q,\,k,\,v,\ \text{output}}
#  + \underbrace{2\,T S\,C}_{QK^\top,\ AV}
#  + \underbrace{2 r C^2\,T}_{\text{MLP}} \tag{1} $$
#
# multiply-adds, and has
#
# $$ \underbrace{3\,(s^2 C + 2C)}_{\text{depthwise, BatchNorm}}
#  + \underbrace{4\,(C^2 + C)}_{q,\,k,\,v,\ \text{output}}
#  + \underbrace{4C}_{\text{two LayerNorms}}
#  + \underbrace{2 r C^2 + (r + 1)\,C}_{\text{MLP}} \tag{2} $$
#
# parameters. Neither is in the paper. In (1) you meet notebooks 09 and 10 again. The
# first term is what makes the block a CvT's, and it has no $C^2$ in it. Keys enter as
# $S$ and $H_k W_k$: a stride makes these smaller, and leaves every $T$ as it was.


# %%
def block_macs(height, width, channels, c, s=3, r=4):
    """Equation (1), keys and values at stride 2."""
    places, keys = height * width, -(-height // 2) * -(-width // 2)
    tokens, seen = places + c, keys + c
    depthwise = s**2 * channels * (places + 2 * keys)
    linear = channels**2 * (2 * tokens + 2 * seen)
    attention = 2 * tokens * seen * channels
    return depthwise + linear + attention + 2 * r * channels**2 * tokens


def block_parameters(channels, s=3, r=4):
    """Equation (2)."""
    convolutions = 3 * (s**2 * channels + 2 * channels)
    linear = 4 * (channels**2 + channels)
    mlp = 2 * r * channels**2 + (r + 1) * channels
    return convolutions + linear + 4 * channels + mlp


for i, (grid, channels) in enumerate(zip(cvt13.grids(), cvt13.dims, strict=True)):
    ours = block_macs(grid.height, grid.width, channels, grid.special)
    inside = [e for e in ledger.entries if e.path.startswith(f"stage{i}.blocks.0.")]
    assert ours == sum(entry.macs for entry in inside)
    assert block_parameters(channels) == sum(entry.parameters for entry in inside)
    print(
        f"stage {i}: {ours:,} MACs, {block_parameters(channels):,} parameters a block"
    )

# %% [markdown]
# Both formulas meet the ledger to the last integer, and the ledger did not know them:
# it adds up what each executed operation says of itself. The library has such closed
# forms for every paper's block; its tests hold them to the ledger as you just did.

# %%
from minicvt.accounting.closed_forms import block

show(block)

# %% [markdown]
# **Predict**: at 384 x 384 CvT-13 has the same parameters and almost three times the
# tokens. How many times the MACs?

# %%
my_guess = None

large = mc.count(model, image=(384, 384))
tokens = [
    sum(grid.tokens for grid in cvt13.override(image=side).grids())
    for side in ((384, 384), (224, 224))
]
print(f"{tokens[0] / tokens[1]:.2f} times the tokens")
print(f"{large.macs / ledger.macs:.2f} times the MACs")

parts = {"224": ledger.by("part"), "384": large.by("part")}
growth = {part: n / parts["224"][part] for part, n in parts["384"].items() if n}
for part in ("MLP", "q, k, v linear", "attention products"):
    print(f"  {part}: {growth[part]:.2f}")
assert growth["attention products"] > 2.9 * growth["MLP"]

# %% [markdown]
# All that is linear in $T$ grows as the tokens do. One term of (1) has $T S$ in it, and
# grows as their square; it was small at 224, and is not any more.
#
# ## 3 · The paper's tables
#
# Table 2 of the paper prints parameters and FLOPs of three models. `reconcile` takes
# every printed cell, finds out which model it speaks of, runs that model by shapes and
# says whether what is printed comes out.

# %%
from minicvt import reconcile

cells = reconcile.reconcile("2")
rows = [
    (c.place.column, c.place.row, c.printed, c.counted, f"{c.ratio:.4f}", c.how)
    for c in cells
    if c.ratio
]
print(table(("model", "what", "printed", "counted", "ratio", "verdict"), rows))

assert all(1 < cell.ratio < 1.01 for cell in cells if cell.ratio)

# %% [markdown]
# None of the six rounds to what is printed, and all six are a little *more* than
# printed. Less than one percent is nothing to a reader who chooses a model. To somebody
# who has just built one it is the difference between "right" and "some layer is
# missing", and the official repository has been asked about it more than once.
#
# For the FLOPs the library tries six ways of counting, which authors of 2021 may have
# used; section 4 has readings of later tools. Here is what each gives for CvT-13.

# %%
from minicvt.reconcile.amounts import amounts
from minicvt.reconcile.conventions import every

terms = amounts(ledger)
ways = every(terms)
for way, number in ways.items():
    print(f"{number / 1e9:.3f} G  {way}")
assert not any(f"{number / 1e9:.2f}" == "4.53" for number in ways.values())

# %% [markdown]
# None of these gives the 4.53 that table 2 prints, and an unexplained number is best
# called that. The parameters are another matter: there is a model that they fit.
#
# **Predict**: suppose an earlier draft of CvT had *one* depthwise convolution with
# BatchNorm in each block, shared by q, k and v, where the released one has three. How
# many of its parameters would that save? A guess in words will do: a third, a tenth,
# hardly any?

# %%
my_guess = None

(cell,) = (c for c in cells if c.place[1:] == ("Params (M)", "CvT-13"))
for term in cell.draft:
    print(f"{term.amount:+14,}  {term.name}")
drafted = sum(term.amount for term in cell.draft)
print(f"{drafted:+14,}  = {drafted / 1e6:.2f} M; printed: {cell.printed} M")
saved = cell.draft[1].amount / cell.draft[0].amount
print(f"the shared convolution alone: {saved:.2%}")
assert f"{drafted / 1e6:.2f}" == cell.printed

for other in (c for c in cells if c.draft):
    digits = len(other.printed.split(".")[1])
    sum_of_terms = sum(term.amount for term in other.draft)
    assert f"{sum_of_terms / 1e6:.{digits}f}" == other.printed

# %% [markdown]
# Hardly any: a depthwise convolution is small. With it shared, and a learned position
# for each token of the last stage, table 2's 19.98 comes out, and so does CvT-21's
# number; CvT-W24's comes out with sharing alone. A later model of the same group does
# share them. That is suggestive, and no more: the same draft does not fit table 6 (d),
# and none of the six ways fits the FLOPs. Hold a number of this kind beside your model,
# but never make it your test.
#
# Most cells fare better. Over all eight tables:

# %%
totals = reconcile.totals(reconcile.reconcile())
rows = [(f"table {n}", *count.values()) for n, count in totals.items()]
rows.append(("all", *(sum(column) for column in list(zip(*rows, strict=True))[1:])))
print(table(("", *reconcile.VERDICTS), rows))

# %% [markdown]
# *Counted*: a model that ran gives it. *Quoted*: an accuracy, or a model that is not
# here. *Contradicted*: the count says otherwise (the first table's "a draft fits" and
# "unexplained" are both of this kind), or the paper's own text does. Sentences of the
# text are checked against the tables too, and these disagree:

# %%
from minicvt.reconcile.claims import checked

rows = [(c.claim.where, c.claim.says, c.found) for c in checked() if not c.agrees]
print(table(("where", "the text says", "its tables"), rows))

# %% [markdown]
# Such errata are in many papers. Several of these would be right if CvT-13 had 81.5 as
# in the last row, 0.1 less than in table 3: perhaps the text is older than the
# last training run. What MACs are really for is the comparison, table 3. Accuracies are
# as printed, MACs as counted where the model is here:

# %%
mc.viz.accuracy_against_macs()

# %% [markdown]
# ## 4 · Seven readings, one model
#
# Somebody asks a tool for the FLOPs of CvT-13 (the port in Hugging Face's library
# transformers, at 224 x 224).
# The answers were measured once and are kept with the versions of the tools; some say
# FLOPs, some MACs, some mult-adds. torch counts two FLOPs a MAC and is divided by two.

# %%
found = {reading.name: reading for reading in reconcile.readings()}
chosen = {
    "torch, halved": found["torch: FLOPs"].value // 2,
    "fvcore": found["fvcore: FLOPs"].value,
    "ptflops, aten": found["ptflops: MACs, aten backend"].value,
    "ptflops, pytorch": found["ptflops: MACs, pytorch backend"].value,
    "thop": found["thop: MACs"].value,
    "calflops": found["calflops: MACs"].value,
    "torchinfo": found["torchinfo: mult-adds"].value,
}
mc.viz.bars({"one CvT-13, one image of 224 x 224": chosen})

# %% [markdown]
# **Predict**: the last is far lower than all others. A linear map of $C$ to $C'$
# channels on $T$ tokens is $T\,C\,C'$ multiply-adds. Which of the three letters would
# you have to forget to come out so low?

# %%
my_guess = None

reading = found["torchinfo: mult-adds"]
for term in reading.terms:
    print(f"{term.amount:+14,}  {term.name}")
print(f"{reading.residual:+14,}  not explained")

# %% [markdown]
# It forgets $T$: every layer but a convolution counts once, not once for each token.
# (Attention's products, which are no layer, it does not see at all.)
# For a network of convolutions, with one linear map at its end that meets one vector,
# this is right. For a transformer it is not.
#
# Every other number comes apart in the same way. A reading is a sum of terms of *our*
# ledger, each taken as often as that tool takes it:

# %%
for name in (
    "fvcore: FLOPs",
    "ptflops: MACs, pytorch backend",
    "ptflops: MACs, aten backend",
    "thop: MACs",
):
    reading = found[name]
    print(f"{name}: {reading.value / 1e9:.3f} G")
    for term in reading.terms:
        print(f"{term.amount:+14,}  {term.name}")
    print(f"{reading.residual:+14,}  not explained\n")

assert all(reading.residual == 0 for reading in found.values())
unseen = terms["attention products"] / ledger.macs
assert 0.10 < unseen < 0.12

# %% [markdown]
# Two families. Tools that hook *modules* never see the two products of attention, which
# are no module: they are low by a tenth, and by more the larger the image. Tools that
# trace *operations* see them, and then differ in what else is worth a count: norms,
# softmax, biases. The 4.06 G that an issue in the official repository asks about is of
# the first kind, and the exercises will make it.
#
# So "FLOPs" is not a unit. Whenever you compare two models, count both with the same
# tool, and find out whether it sees the attention.
#
# ## 5 · What no count can see
#
# There are at least three programs called CvT: the official code, the port in
# transformers (`hf` below), and one in vit-pytorch (`lucidrains`, after its author);
# and there is the text of the paper (`paper`). The library calls them *dialects*. Below
# each of their differences is made alone, in a CvT-13 with the same random weights, and
# the logits are compared with the official ones.
#
# **Predict**: which differences change neither parameters nor MACs, and yet change
# every answer?

# %%
my_guess = None

from minicvt.accounting.errata import errata

effects = list(errata(cvt13, (64, 64)))
rows = [
    (
        e.dialect,
        e.choice,
        e.official,
        e.value,
        e.parameters,
        e.macs,
        f"{e.relative:.1%}",
    )
    for e in effects
    if e.shows == "answers"
]
headers = ("dialect", "choice", "official", "here", "parameters", "MACs", "logits")
print(table(headers, rows))

silent = {e.choice for e in effects if e.difference and not (e.parameters or e.macs)}
assert {"activation", "scale", "embed"} <= silent

sizes = {pad: [(n + 2 * pad - 7) // 4 + 1 for n in range(224, 228)] for pad in (2, 3)}
for pad, sides in sizes.items():
    print(f"padding {pad}: images of 224, 225, 226, 227 to maps of", *sides)
differ = [a != b for a, b in zip(*sizes.values(), strict=True)]
assert differ == [False, True, True, False]

# %% [markdown]
# The last column is $\max|a - b| / \max|b|$ over the logits. GELU or QuickGELU, the
# scale $d^{-1/2}$ with $d$ all channels (`dim`) or one head's (`head_dim`), one pixel
# more of padding: each leaves every total untouched, and each is another model. (The
# padding does so at image sides that leave 0 or 3 when divided by 4, as 64 and 224 do;
# at others the map grows, as the last two lines show, and the MACs with it.) The paper
# names no activation, and by its text the scale is one head's, where its code takes all
# channels; whoever writes CvT from the paper alone gets the dialect "paper".
#
# It gets worse. Such models have tensors of the same names and shapes, so that one
# loads the other's weights without complaint:

# %%
import numpy as np

official = mc.models.build("cvt-13", seed=0).eval()
port = mc.models.build("cvt-13", dialect="hf", seed=1).eval()
port.load_state_dict(official.state_dict(), strict=True)

images = np.random.default_rng(0).normal(size=(2, 64, 64, 3))
ours, theirs = (m(images).numpy() for m in (official, port))
assert port.count_parameters() == official.count_parameters()
assert mc.count(port).macs == mc.count(official).macs
apart = np.abs(theirs - ours).max() / np.abs(ours).max()
print(f"same names, same shapes, same counts; logits {apart:.2%} apart")
assert apart > 1e-4

# %% [markdown]
# The only difference is the activation, the first row of the table above. How far apart
# it puts the logits depends on weights and images, and these are others than there.
#
# The classic mistake here is to stop at "the parameters match". Counts are a necessary
# check and a cheap one: a missing bias shows at once. They are no proof. What proves a
# model is its numbers: the same weights and images through both, all the way to the
# gradients (notebook 02).
#
# ## 6 · Your turn
#
# Replace each `None`, run the cell, then the check below it, which says what is wrong.
# The third needs the terms of section 4. At 224 x 224 they are, by name:

# %%
for name, amount in terms.items():
    print(f"{amount:14,}  {name}")


# %% tags=["exercise"]
def shared_saves(channels):
    """Parameters a block saves, if q, k and v share one 3 x 3 depthwise conv and BN."""
    return None


def smallest_side(channels, r=4):
    """Least even side of a square map on which the two products of attention cost
    more than the MLP: keys at stride 2, no class token."""
    return None


def hooks_of_2021(side):
    """The 4.06 G of the issue, for an image of side x side. Its tool sees no products
    of attention; it adds the biases of convolutions once an output, the biases of all
    Linear layers once, and two operations for each element of a BatchNorm. The terms
    are amounts(mc.count(model, image=(side, side)))."""
    return None


# %% tags=["check"]
from minicvt.lessons import check
from minicvt.reconcile.recipes import RECIPES

recipe = RECIPES["ptflops 0.6: MACs"]
at_384 = sum(n * amounts(large)[name] for name, n in recipe.items())
issue = found["ptflops 0.6: MACs"].value
check(shared_saves, ((64,), 22 * 64), ((384,), 22 * 384))
check(smallest_side, ((64,), 34), ((256,), 66), ((64, 2), 24))
check(hooks_of_2021, ((224,), issue), ((384,), at_384))

# %% [markdown]
# **Next**: notebook 13 opens a trained CvT and asks what it looks at, and how far such
# pictures can be believed. From a terminal, `minicvt reconcile` prints every cell of
# every table, `minicvt dialects` the differences of section 5 with the words they rest
# on, and `minicvt count cvt-13 --by stage` the ledger.
