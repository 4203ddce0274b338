# %% [markdown]
# # 14 · The relatives
#
# **Afterwards you can** write PVT, T2T-ViT, CeiT and CMT as short lists of arguments to
# one block, say what each difference costs, tell a claim about costs from a fact, and
# mix the parts of different papers in one argument.
#
# **You need** notebooks 07, 09, 10 and 11: ViT's parts, CvT's, and how they are
# counted. **40 minutes.**
#
# In 2021 several groups put convolutions, or something like them, into a vision
# transformer. Each paper has a name, a figure and a table of its own, and reads like a
# new machine. Side by side, part by part, they turn out to be small changes to one
# block. Here are CvT and PVT, with what each part costs them:

# %%
import numpy as np

import minicvt as mc
from minicvt.lessons import show
from minicvt.models import variant

mc.viz.differences(mc.models.diff("cvt-13", "pvt-small"), slide=False)

# %% [markdown]
# Rows in grey are what both chose alike. The same for any two models, from a terminal:
# `minicvt diff cvt-13 pvt-small`.
#
# ## 1 · One block
#
# With $\text{LN}$ for LayerNorm, all of these papers are
#
# $$ x \leftarrow x + \operatorname{attention}(\operatorname{LN}(x)), \qquad
#    x \leftarrow x + \operatorname{mlp}(\operatorname{LN}(x)) \tag{1} $$
#
# and differ in what feeds $q$, $k$ and $v$, in the middle of the MLP, in what comes
# before the stages, and in how the result is read.

# %%
show(mc.nn.Block.forward)

# %% [markdown]
# So a paper is a list of choices. These are the ones that matter; a stage each where
# stages differ.

# %%
from minicvt.tables import table

CHOICES = ("stem", "embed", "positions", "projection", "kv_stride", "local", "ffn")
NAMES = ("cvt-13", "pvt-small", "t2t-14", "ceit-small", "cmt-s")


def said(value):
    """A tuple as its entries, one of each in a row."""
    if not isinstance(value, tuple):
        return str(value)
    entries = [str(v).replace("), (", ")\n(") for v in dict.fromkeys(value)]
    return "\n".join(entries) if len(entries[0]) > 4 else ", ".join(entries)


rows = [(c, *(said(getattr(variant(name), c)) for name in NAMES)) for c in CHOICES]
print(table(("", *NAMES), rows))

# %% [markdown]
# `dw_bn`: a depthwise 3 x 3 convolution and BatchNorm, CvT's. `sr` and `dw_sr`: one key
# for each R x R window, by a dense or a depthwise convolution. `leff`, `irffn`: an MLP
# with a depthwise convolution in its middle. A triple in `embed` is kernel, stride and
# padding.
#
# **Predict**: how many lines of code of its own does PVT's class need here, apart from
# its defaults?

# %%
my_guess = None

from minicvt.models.pvt import PVT

show(PVT)

# %% [markdown]
# None: a docstring is all of it. If that is true, then a **CvT** that is given PVT's
# arguments must *be* a PVT, tensor for tensor. This can be tried. We take a small CvT,
# change it argument by argument into each relative, load the relative's weights into
# it, as far as they fit by name and shape, and compare the last token map.
#
# **Predict**: for which of the four will some weights be left over, that no argument
# can make room for?

# %%
my_guess = None

from dataclasses import fields

from minicvt.models.architecture import Architecture

rng = np.random.default_rng(0)
small = variant("cvt-c8w")
leftovers = {}
for name in ("pvt", "t2t", "ceit", "cmt"):
    goal = variant(f"{name}-digits16")
    apart = [
        f.name
        for f in fields(Architecture)
        if f.name != "name" and getattr(goal, f.name) != getattr(small, f.name)
    ]
    changed = small.override(**{choice: getattr(goal, choice) for choice in apart})
    relative, cvt = goal.build("float64").eval(), changed.build("float64").eval()
    for _, parameter in relative.named_parameters():  # weights that hide nothing
        parameter.assign(rng.normal(size=parameter.shape) * 0.3)
    state, own = relative.state_dict(), cvt.state_dict()
    fits = {k: v for k, v in state.items() if k in own and v.shape == own[k].shape}
    leftovers[name] = sorted(state.keys() - fits.keys())
    cvt.load_state_dict(fits, strict=False)

    images = rng.normal(size=(2, *goal.image, goal.in_chans))
    theirs, ours = (m.features(images)[0].numpy() for m in (relative, cvt))
    assert np.array_equal(ours, theirs)
    print(f"{name}: {len(apart)} arguments, token maps {ours.shape} equal bit for bit,")
    print(f"     {len(leftovers[name])} of {len(state)} tensors left over")

assert not leftovers["pvt"]
assert not leftovers["t2t"]

# %%
for name in ("ceit", "cmt"):
    print(name, "keeps for itself", *sorted({k.split(".")[0] for k in leftovers[name]}))

# %% [markdown]
# Up to the last token map, PVT and T2T-ViT are CvT with other arguments, bit for bit.
# CeiT and CMT are so too, but are *read* in their own way: CeiT by its layer-wise class
# attention, CMT by a convolution, with BatchNorm, before its head.
#
# This compares models of one library. What ties them to the papers is another test: for
# all four `tests/models/test_relatives_fixtures.py` holds outputs, activations and
# gradients to numbers that the official code gave from the same weights. The rest of
# this page looks at the four, one idea each.
#
# ## 2 · PVT: fewer keys, by a dense window
#
# The Pyramid Vision Transformer has stages and reduced keys, as CvT. Its reduction
#
# $$ \operatorname{SR}(x) = \operatorname{Norm}(\operatorname{Reshape}(x, R)\, W^S)
#    \tag{PVT 3} $$
#
# lays the tokens of an R x R window end to end and maps them to one. That is a
# convolution with kernel and stride R; there is no overlap and no separate way for $k$
# and $v$. (Equations are numbered as in their papers.)

# %%
from minicvt.nn.projection import SpatialReduction

show(SpatialReduction)

# %% [markdown]
# PVT says that its attention has "$R_i^2$ times lower" costs than full attention. In
# its first stage R is 8.
#
# **Predict**: how many times lower are the multiply-adds there, of the two products,
# and of the attention layer as a whole?

# %%
my_guess = (None, None)


def first_attention(**changes):
    """MACs of the products, and of the whole attention, in the first block."""
    with mc.shapes_only():
        model = variant("pvt-small", **changes).build()
    entries = [
        e for e in mc.count(model).entries if e.path.startswith("stage0.blocks.0.attn")
    ]
    products = sum(e.macs for e in entries if e.operation == "attend")
    return products, sum(e.macs for e in entries)


full, reduced = first_attention(kv_stride=1), first_attention()
ratios = [a / b for a, b in zip(full, reduced, strict=True)]
print(f"products: {full[0]:,} to {reduced[0]:,}, {ratios[0]:.1f} times")
print(f"layer:    {full[1]:,} to {reduced[1]:,}, {ratios[1]:.1f} times")
assert ratios[0] == 64
assert 20 < ratios[1] < 25

# %% [markdown]
# Exact for the products, and far less for the layer: $q$ and the output map do not
# shrink, and the reduction itself has its price: $C^2$ for each *place*, whatever R is.
# This is notebook 10's lesson in another paper.
#
# What CvT takes from it: the pyramid, and fewer keys than queries. What it changes: a
# *depthwise* window that *overlaps*, and one each for $k$ and $v$, with BatchNorm in
# place of LayerNorm; and $q$ has a convolution too. Here are six answers to "what feeds
# $k$ and $v$", in CvT-13: the first five with about a quarter of the keys, the last, a
# ViT's, with all:

# %%
from minicvt.models.costs import costs

ANSWERS = {
    "CvT: depthwise 3 x 3": {"projection": "dw_bn"},
    "dense 3 x 3": {"projection": "dense"},
    "PVT: dense 2 x 2": {"projection": "sr"},
    "CMT: depthwise 2 x 2": {"projection": "dw_sr"},
    "average pooling": {"projection": "avg"},
    "ViT: linear, all keys": {"projection": "linear"},
}
counted = {name: costs(variant("cvt-13", **a)).total for name, a in ANSWERS.items()}
mc.viz.bars(
    {
        "parameters": {name: cost.parameters for name, cost in counted.items()},
        "MACs": {name: cost.macs for name, cost in counted.items()},
    }
)

side = variant("cvt-13").grids()[0].height
maps = mc.Tensor(np.zeros((1, side, side, 1)))
pooled = mc.ops.avg_pool2d(maps, kernel=3, stride=2, padding=1, ceil_mode=True)
print(f"keys of stage 0: {-(-side // 2)} a side, average pooling {pooled.shape[1]}")
assert counted["average pooling"].macs > counted["CvT: depthwise 3 x 3"].macs
assert pooled.shape[1] == side // 2 + 1

# %% [markdown]
# Depthwise answers are about as cheap as pooling. (Average pooling even counts *more*
# MACs than CvT's. Its window has kernel 3, stride 2 and padding 1, which on an even
# side $H$ give $(H + 2 - 3) / 2 + 1$ places, not a whole number. A convolution rounds
# that down, to $H / 2$. The official pooling rounds it up, and has one more key a
# side.)
#
# ## 3 · T2T-ViT: overlap, by unfolding
#
# Tokens-to-token ViT wants overlapping tokens too. It cuts windows of 7 x 7 at stride
# 4, lays each out as *one long token*, lets these attend, does it again with 3 x 3 at
# stride 2, and ends with a third such split and a linear map. The unfolding is
# `im2col`, which notebook 03 met as the first half of a convolution; the second half is
# a linear map. So the last split and the map after it must be a convolution:

# %%
from minicvt.nn.soft_split import soft_split

x = mc.Tensor(rng.normal(size=(2, 9, 7, 5)))
weight = rng.normal(size=(8, 5 * 3 * 3))
tokens, grid = soft_split(x, 3, 2, 1)
unfolded = mc.ops.linear(tokens, mc.Tensor(weight))
kernel = mc.Tensor(weight.reshape(8, 5, 3, 3))
convolved = mc.ops.conv2d(x, kernel, stride=2, padding=1)
print(x.shape, "to", tokens.shape, "on", grid, "to", unfolded.shape)
apart = np.abs(unfolded.numpy().reshape(convolved.shape) - convolved.numpy()).max()
assert apart < 1e-12

# %% [markdown]
# The channels of such a token are in the order (channel, row, column). Read them as
# (row, column, channel) and the shapes still fit, and every number is wrong: a mistake
# that loading other people's weights is full of.

# %%
wrong = mc.Tensor(
    np.ascontiguousarray(weight.reshape(8, 3, 3, 5).transpose(0, 3, 1, 2))
)
misread = mc.ops.conv2d(x, wrong, stride=2, padding=1)
print("same shape", misread.shape == convolved.shape)
print("off by", f"{np.abs(misread.numpy() - convolved.numpy()).max():.1f}")

# %% [markdown]
# **Predict**: between its splits T2T-ViT_t-14 attends over all unfolded tokens, 56 x 56
# and then 28 x 28, with as many keys. Two such layers against fourteen blocks on 14 x
# 14: which share of the model's MACs do they take?

# %%
my_guess = None

for name in ("t2t-t-14", "t2t-14"):
    found = costs(variant(name))
    stem = found.parts["stem"]
    share = stem.macs / found.total.macs
    print(f"{name}: stem {stem.macs:,} of {found.total.macs:,} MACs, {share:.0%}")
    if name == "t2t-t-14":
        assert 0.25 < share < 0.28
    else:
        assert share < 0.07

# %% [markdown]
# The second model has *performers* there, an attention that is linear in the number of
# tokens. CvT's answer is plainer: it embeds by a convolution, which is the same overlap
# without the long tokens and without attention among them.
#
# ## 4 · CeiT: an MLP that looks around
#
# CeiT stays with one stage, as ViT, and adds three things: a small convolutional stem,
# a depthwise convolution in the middle of each MLP (*LeFF*), and at the end an
# attention over the class tokens of all blocks (*LCA*):
#
# $$ x \leftarrow x + \operatorname{LeFF}(\operatorname{LN}(x)), \qquad
#    \operatorname{LeFF} = W_2 \circ \operatorname{DW}_{3 \times 3} \circ W_1 \tag{2} $$
#
# with BatchNorm after each of the three and GELU after the first two BatchNorms. (Below
# that is the branch after `else`; `inverted` is CMT's.)

# %%
from minicvt.nn import ConvMLP

show(ConvMLP.forward)

# %% [markdown]
# The class token is on no map, so LeFF hands it back as it came, and the residual adds
# it: $x_{cls} \leftarrow x_{cls} + \operatorname{LN}(x_{cls})$. That is not
# "unchanged", as one may read.
#
# **Predict**: CeiT's head reads class tokens only. Run backward: which parameters of a
# CeiT with two blocks get a gradient of exactly zero?

# %%
my_guess = None

ceit = mc.models.build("ceit-digits16", dtype="float64", seed=0)
logits = ceit(rng.normal(size=(4, 16, 16, 1)))
logits.backward(rng.normal(size=logits.shape))
dead = [name for name, p in ceit.named_parameters() if not p.grad.any()]
print("\n".join(dead))
assert dead
assert all(name.startswith("stage0.blocks.1.mlp.") for name in dead)

# %% [markdown]
# All of the last block's LeFF. It changes the other tokens, and nobody reads them any
# more; the class token passes it by. So in every CeiT there are parameters that are
# stored, computed with and never trained. Three lines of backward found what reading
# did not: try the same on any model that you are told to believe.

# %%
tiny = costs(variant("ceit-tiny"))
with mc.shapes_only():
    model = variant("ceit-tiny").build()
last = f"stage0.blocks.{variant('ceit-tiny').depths[0] - 1}.mlp."
stored = sum(p.size for name, p in model.named_parameters() if name.startswith(last))
spent = sum(e.macs for e in mc.count(model).entries if e.path.startswith(last))
print(f"ceit-tiny: {stored:,} parameters ({stored / tiny.total.parameters:.1%}) and")
print(f"{spent:,} MACs ({spent / tiny.total.macs:.1%}) for nothing")

# %% [markdown]
# ## 5 · CMT: convolutions everywhere
#
# CMT takes something of everybody: a pyramid and reduced keys (PVT's, but depthwise), a
# convolution in the MLP (CeiT's, with a shortcut around it), a convolutional stem, and
# new, at the head of each block, a *local perception unit*
#
# $$ \operatorname{LPU}(x) = \operatorname{DW}_{3 \times 3}(x) + x \tag{3} $$
#
# Positions are a table, added to the scores: one number for each head, query and key.
#
# **Predict**: which of these models has the same number of parameters at every image
# size? (DeiT is a ViT, trained otherwise.)

# %%
my_guess = None

rows = []
for name in ("cvt-13", "pvt-tiny", "deit-tiny", "ceit-tiny", "cmt-ti"):
    sizes = [costs(variant(name), (side, side)).total for side in (160, 224, 320)]
    rows.append((name, *(cost.parameters for cost in sizes)))
print(table(("parameters at", "160", "224", "320"), rows))
assert [name for name, *found in rows if len(set(found)) == 1] == ["cvt-13"]

# %% [markdown]
# Only CvT: it has no positions, learned or otherwise, and leaves them to its
# convolutions. Each number of another row is another model: a CMT is for one image
# size, since its table has queries times keys entries; a PVT or DeiT must resample its
# own.
#
# ## 6 · What it costs, measured
#
# DeiT-Small and five relatives, all of roughly the same multiply-adds. The ledger says
# what has to be computed. The clock says how long it takes here.
#
# **Predict**: will the one with the fewest multiply-adds take the least time?

# %% tags=["volatile"]
my_guess = None

import time

photo = rng.normal(size=(1, 160, 160, 3)).astype(np.float32)
rows, counts = [], {}
for name in ("deit-small", *NAMES):
    config = variant(name, image=(160, 160))
    model, cost = config.build(), costs(config).total
    mc.predict(model, photo)  # the first run compiles
    laps = []
    for _ in range(5):
        start = time.perf_counter()
        mc.predict(model, photo)
        laps.append(time.perf_counter() - start)
    best = min(laps)
    rate, counts[name] = cost.macs / best / 1e9, cost.macs
    rows.append((name, f"{cost.macs / 1e9:.2f}", f"{best * 1e3:.0f}", f"{rate:.0f}"))
print(table(("at 160 x 160", "GMACs", "ms", "GMACs a second"), rows))
assert counts["cmt-s"] < counts["deit-small"]

# %% [markdown]
# Times differ from machine to machine, and on a busy one from run to run; so this page
# names no winner. Look for two things in your table. Is the order of the times that of
# the MACs? And compare DeiT-Small with CMT-S, which has *fewer* MACs: wherever we ran
# this, CMT-S took longer. Its depthwise convolutions, BatchNorms and activations work
# on maps four times as wide as the tokens and count next to nothing: they move memory
# rather than multiply. The more a paper saves by such means, the less its MACs say
# about time. Large matrix products are what machines are good at, and DeiT is little
# else.
#
# ## 7 · A mix
#
# Since a paper is a list of arguments, so is a paper that nobody has written. DeiT
# behind CMT's stem is one:

# %%
mixed = variant("deit-tiny", stem="cmt")
mc.viz.differences(mc.models.diff("deit-tiny", mixed), slide=False)

# %% [markdown]
# The patches became half as large by themselves, as the stem halves the map before
# them. It is a model like any other: it builds, runs and learns.

# %%
model = mixed.override(image=(64, 64)).build()
logits = model(rng.normal(size=(2, 64, 64, 3)))
loss = mc.ops.cross_entropy(logits, np.array([3, 5]))
loss.backward()
assert all(p.grad is not None for _, p in model.named_parameters())
print(logits.shape, f"loss {loss.item():.1f}, a gradient for every parameter")

# %% [markdown]
# Whether it is any *good* is another question, and no count answers it. The library
# has a table of small models trained on digits, one of each paper with the same recipe
# (`docs/tiny-models.md`). Most of its intervals overlap, so it does not rank them; nor
# does it say that what fills the block is of no matter: notebooks 08 and 09 saw
# differences, on other tasks and with more seeds.
#
# ## 8 · Your turn
#
# Replace each `None`, run the cell, then the check below it, which says what is wrong.


# %% tags=["exercise"]
def without_shortcut(weight):
    """The kernel (C, 1, 3, 3) of one depthwise convolution that does all of CMT's LPU,
    DW(x) + x, where DW has this weight. Leave the argument as it is."""
    return None


def reduced_attention(places, channels, R):
    """MACs of PVT's whole attention layer: q, reduction, k and v, products, output.
    R divides the sides of the map, and is more than 1."""
    return None


def cheapest(name, changes):
    """Number, from 0, of the changes that leaves the model the fewest MACs. Each is a
    dictionary of arguments of ``variant``."""
    return None


# %% tags=["check"]
from minicvt.lessons import check

kernels = rng.normal(size=(4, 1, 3, 3))
lpu = kernels.copy()
lpu[:, :, 1, 1] += 1
strides = ({"kv_stride": 1}, {"kv_stride": 2}, {"kv_stride": 4})
stems = ({"stem": "cmt"}, {"stem": "ceit"}, {"ffn": "leff"}, {"stem": "t2t_performer"})
best = min(range(4), key=lambda i: costs(variant("deit-tiny", **stems[i])).total.macs)

check(without_shortcut, ((kernels,), lpu))
check(reduced_attention, ((56 * 56, 64, 8), reduced[1]), ((16, 2, 2), 480))
check(cheapest, (("cvt-13", strides), 2), (("deit-tiny", stems), best))

# %% [markdown]
# **Next**: pick two of `minicvt models` and let `minicvt diff` show them; add `--set
# stem=cmt`, or any argument of section 1, for a model of your own. The files
# `minicvt/models/pvt.py`, `t2t.py`, `ceit.py` and `cmt.py` are short, begin with their
# paper's equations, and say where the code parts from the text.
