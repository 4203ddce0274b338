# %% [markdown]
# # 08 · Convolutional token embedding
#
# **Afterwards you can** say how large a token map is for any image, which pixels each
# token saw, what windows that overlap buy and cost, and how CvT's pyramid is built.
#
# **You need** 03 (convolution) and 07 (ViT, patches). **40 minutes.**
#
# A CvT with three stages, trained to read digits on photographs, and what each of its
# stages made of one image. Every square is a token.

# %% tags=["volatile"]
import numpy as np

import minicvt as mc
from minicvt import nn
from minicvt.lessons import check, show

photos = mc.data.load("composites-mid", seed=0)
model = mc.trained("cvt-rgb32-mid")
image = photos.test_images[0]
mc.viz.token_maps(model, image)

# %% [markdown]
# The map gets coarser and the tokens longer, stage by stage. And something is odd: in
# stage 0 the **left** column and the **top** row stand out, with any image. Section 3
# finds out what it is.
#
# ## 1 · How large is the map?
#
# ViT embeds once, with windows that do not touch. CvT embeds at the head of every
# stage, with a convolution of the map before, and its windows overlap. Equation 1 of
# the paper, for the rows; columns likewise:
#
# $$ H_i = \left\lfloor \frac{H_{i-1} + 2p - s}{s - o} + 1 \right\rfloor \tag{1} $$
#
# Mind the letters: $s$ is the **kernel** here, $o$ the overlap and $s - o$ what
# everybody else calls the stride. From here on letters are those of code: kernel $k$,
# stride $s$, padding $p$. (In the docstring below $o$ is the number of windows. Nothing
# here needs `ceil_mode`.)

# %%
from minicvt.kernels.geometry import output_size

show(output_size)

# %% [markdown]
# A formula with a floor is easily wrong by one. Three ways to the same number: the
# formula; counting where a window can start; and running the convolution. For all
# sides up to 64, odd ones too, and the windows that the papers use.

# %%
windows = {"CvT, stage 0": (7, 4, 2), "CvT, stages 1, 2": (3, 2, 1)}
windows |= {"ViT, 16": (16, 16, 0), "ViT, 4": (4, 4, 0), "plain": (3, 1, 1)}


def starts(side, kernel, stride, padding):
    """Where each window begins, counted from the first pixel; padding is negative."""
    return list(range(-padding, side + padding - kernel + 1, stride))


def executed(height, width, window):
    """Height and width of the map that a convolution really makes."""
    embed = nn.ConvEmbed(1, 1, *window, init=nn.Init("float64", 0))
    return embed(mc.Tensor(np.ones((1, height, width, 1)))).shape[1:3]


asked = 0
for k, s, p in windows.values():
    for side in range(k, 65):
        formula = (side + 2 * p - k) // s + 1
        assert formula == output_size(side, k, s, p) == len(starts(side, k, s, p))
        wide = side + 17
        assert executed(side, wide, (k, s, p)) == (formula, output_size(wide, k, s, p))
        asked += 1
print(asked, "sizes: formula, counted and executed agree")

# %% [markdown]
# **Predict**: CvT-13's first embedding (kernel 7, stride 4, padding 2) makes a map of
# 56 x 56 from an image of 224 x 224. How many *other* sides give 56 as well?

# %%
my_guess = None

print("56 rows:", [n for n in range(200, 250) if output_size(n, 7, 4, 2) == 56])

# %% [markdown]
# The floor gives four sides one map: (1) cannot be turned around. From the map one
# cannot tell the image, which is why the library carries a `Grid` with every list of
# tokens and never takes a square root of their number.
#
# ## 2 · Who sees which pixel
#
# How many windows read each pixel? Put a one into every place of every window, and add
# the windows back where they were cut out. That is `col2im` from 03.


# %%
def readers(height, width, window):
    """How many windows read each pixel, (H, W)."""
    k, s, p = window
    rows, columns = output_size(height, k, s, p), output_size(width, k, s, p)
    ones = mc.Tensor(np.ones((1, rows, columns, k, k, 1)))
    added = mc.ops.col2im(ones, size=(height, width), stride=s, padding=p)
    return added.numpy()[0, :, :, 0].astype(int)


mc.viz.maps(
    {
        f"{name}\nkernel {k}, stride {s}, padding {p}": readers(18, 18, (k, s, p))
        for name, (k, s, p) in list(windows.items())[:2]
    }
    | {"patches of 4\nkernel 4, stride 4": readers(18, 18, (4, 4, 0))},
    shared=True,
)

# %% [markdown]
# Overlap reads pixels once, twice or four times, patches once: if the side fits. Which
# rows are read by **nobody**?

# %%
for k, s, p in ((3, 2, 1), (7, 4, 2), (4, 4, 0)):
    lost = {n: np.flatnonzero(readers(n, n, (k, s, p))[:, 0] == 0) for n in (18, 224)}
    print(f"kernel {k}, stride {s}: of 18", lost[18], "of 224", lost[224])
    assert not len(lost[224])

# %% [markdown]
# Patches of 4 lose two rows of 18, CvT-13's first windows one, and the columns
# likewise; the model works without a word. A side of 224 suits all of them.
#
# What one linear layer can never do is compare two pixels that no window holds
# together. So count neighbours that *meet*: pairs of pixels side by side that are in
# some window.


# %%
def meeting(side, window):
    """Share of the pairs (n, n + 1) in a row that some window holds."""
    k, _, _ = window
    held = {n for a in starts(side, *window) for n in range(a, a + k - 1)}
    return len(held & set(range(side - 1))) / (side - 1)


# %% [markdown]
# **Predict**: of all pairs of neighbours in a row of pixels, which share meets when
# patches are 2 wide? When they are 16 wide? When windows of 3 have stride 2?

# %%
my_guess = (None, None, None)

for window in ((2, 2, 0), (16, 16, 0), (3, 2, 1), (7, 4, 2)):
    k, s, p = window
    share = meeting(224, window)
    print(f"kernel {k:>2}, stride {s:>2}: {share:.1%} of all neighbours meet")
assert meeting(224, (3, 2, 1)) == meeting(224, (7, 4, 2)) == 1

# %% [markdown]
# With an overlap of one pixel everybody meets. An edge that falls between two patches
# is invisible to ViT's first layer: it has to be found by attention, from two vectors.
#
# What does it cost? CvT-13, and the same with patches of the same strides:

# %%
from minicvt.models.costs import costs

cvt13 = mc.models.variant("cvt-13")
patches = cvt13.override(embed=((4, 4, 0), (2, 2, 0), (2, 2, 0)))
overlap, without = costs(cvt13), costs(patches)
embeddings = [c.parts["token embedding"] for c in (without, overlap)]
wholes = [without.total, overlap.total]

groups = {}
for what, (one, other) in {"the embeddings": embeddings, "the model": wholes}.items():
    for name in ("parameters", "macs"):
        pair = {"patches": getattr(one, name), "overlapping": getattr(other, name)}
        groups[f"{name} of {what}"] = pair
mc.viz.bars(groups)

# %% [markdown]
# The embeddings become more than twice as dear and the model hardly notices. What does
# it buy? The paper says 0.9 points on ImageNet (table 6). We have no ImageNet; we have
# ten seeds on three small tasks, paired, for two models that differ in this alone:

# %%
from minicvt.verify.equations.commands import equations

unchanged = equations("cvt-T6") == 0
assert unchanged

# %% [markdown]
# Read it as it stands: each row is a difference in points of accuracy, with its 95 %
# interval, and the claim as a whole is open as long as one row is. On digits that are
# centred (digits16) overlap gains nothing that ten seeds can show; on pairs of digits
# (pair8) a little; on roam16, where a digit may lie anywhere against the grid, a lot.
# And two things differ at once: with the overlap come more weights, as the bars above
# said. What part of the gain is the view, and what part the weights, these runs do not
# tell.

# %%
from minicvt.train.seeds import interval
from minicvt.verify.equations.kept import shipped

gains = {
    task: interval(shipped().pairs(task, "cvt", "cvt, patches"))
    for task in ("digits16", "pair8", "roam16")
}
assert gains["digits16"][0] - gains["digits16"][1] < 0, "the interval has zero in it"
assert gains["pair8"][0] - gains["pair8"][1] > 0
assert gains["roam16"][0] > 2 * gains["pair8"][0]
assert embeddings[1].macs > 2 * embeddings[0].macs
assert overlap.total.macs < 1.04 * without.total.macs

# %% [markdown]
# ## 3 · The frame
#
# Back to the odd left column and top row. A grey image of 32 x 32, the same everywhere,
# goes through the trained model's first embedding: kernel 3, stride 2, padding 1.


# %%
def kinds(embed, side, channels=3):
    """Different tokens of an image that is one everywhere, and each one's number."""
    grey = np.ones((1, side, side, channels))
    tokens = embed(mc.Tensor(grey)).numpy()[0].round(9)
    rows = tokens.reshape(-1, tokens.shape[-1])
    _, number = np.unique(rows, axis=0, return_inverse=True)
    return number.max() + 1, number.reshape(tokens.shape[:2])


# %% [markdown]
# **Predict**: how many *different* tokens come out?

# %%
my_guess = None

exact = model.config.build(dtype="float64").eval()
exact.load_state_dict(model.state_dict())
count, which = kinds(exact.stages[0].patch_embed, 32)
print(count, "kinds of tokens; of each", np.bincount(which.ravel()))

# %%
init = nn.Init("float64", seed=0)
embeds = {
    "kernel 3, stride 2, padding 1": nn.ConvEmbed(3, 8, 3, 2, 1, init=init),
    "kernel 7, stride 4, padding 2": nn.ConvEmbed(3, 8, 7, 4, 2, init=init),
    "patches of 4": nn.ConvEmbed(3, 8, 4, 4, 0, init=init),
}
found = {name: kinds(embed, 32) for name, embed in embeds.items()}
assert [count for count, _ in found.values()] == [4, 9, 1]
mc.viz.maps(
    {
        "the trained one\nkernel 3, stride 2, padding 1": which,
        **{f"{name}\n{n} kinds": numbers for name, (n, numbers) in found.items()},
    },
    across=2,
)

# %% [markdown]
# Where a window hangs over the border it reads zeros of the padding instead of grey. At
# stride 2 a kernel of 3 with padding 1 begins at pixel -1, 1, 3, ...: on an even side
# it hangs over on the left and never on the right. That is the frame in the first
# picture, and why it has two sides. (With 7, 4 and 2 it has four.) One image has
# borders of its own, so take the mean token of each place over many, and how far it is
# from the usual one:

# %% tags=["volatile"]
print("windows begin at", starts(32, 3, 2, 1)[:3], "...", starts(32, 3, 2, 1)[-1])
print("and the last one ends at", starts(32, 3, 2, 1)[-1] + 2, "of 0 to 31")

with mc.no_grad():
    tokens, grid = model.stages[0].embed(mc.Tensor(photos.test_images[:200]))
mean = nn.unflatten(tokens, grid)[0].numpy().mean(axis=0)  # (H, W, C)
usual = np.median(mean[1:, 1:].reshape(-1, mean.shape[-1]), axis=0)
away = np.linalg.norm(mean - usual, axis=-1)
sides = {"left": away[:, 0], "top": away[0], "right": away[:, -1], "bottom": away[-1]}
sides = {name: side.mean() for name, side in sides.items()}
print("away:", ", ".join(f"{name} {far:.1f}" for name, far in sides.items()))
assert min(sides["left"], sides["top"]) > 3 * max(sides["right"], sides["bottom"])

# %% [markdown]
# It looks like a blemish, and it is a gift. A ViT without positions cannot know left
# from right (07). Here the *zeros outside* tell a token that it lies at the border.
#
# **Predict**: let three more convolutions follow, kernel 3, stride 1, on the same grey
# image. How many kinds of tokens then, with padding 1? And if nothing is ever padded?

# %%
my_guess = (None, None)


def grey_kinds(padding, more):
    """Kinds of tokens after the embedding and some more convolutions."""
    layers = [nn.ConvEmbed(3, 8, 3, 2, padding, init=init)]
    layers += [nn.ConvEmbed(8, 8, 3, 1, padding, init=init) for _ in range(more)]

    def run(x):
        for layer in layers:
            x = layer(x)
        return x

    return int(kinds(run, 32)[0])


after = {p: [grey_kinds(p, more) for more in range(4)] for p in (1, 0)}
print("kinds after 0, 1, 2, 3 more: padded", after[1], "never padded", after[0])
assert after[0] == [1, 1, 1, 1]
assert after[1] == sorted(set(after[1]))

# %% [markdown]
# Each further convolution carries the news of the border one place inwards; without
# padding there is none to carry. So CvT can know places without a table of positions,
# and such a ViT, whose patches are not padded, cannot.
#
# ## 4 · The pyramid
#
# Three embeddings make CvT-13 a pyramid: fewer and fewer tokens, longer and longer.
# The paper's table 2, counted:

# %%
from minicvt.tables import table

with mc.shapes_only():
    ledger = mc.count(mc.models.build("cvt-13"))
macs, parameters = ledger.by("stage"), ledger.by("stage", "parameters")


def row(stage):
    """What one stage of CvT-13 has and costs."""
    name, grid, dim = f"stage{stage}", cvt13.grids()[stage], cvt13.dims[stage]
    numbers = grid.places * dim
    size = f"{grid.height} x {grid.width}"
    blocks = cvt13.depths[stage]
    return name, size, dim, numbers, blocks, parameters[name], macs[name]


# %% [markdown]
# **Predict**: the image has 224 x 224 x 3 numbers. How many numbers has the map of the
# first stage: more, fewer, or as many? Which stage has most of the parameters, and
# which most of the multiply-adds (MACs)?

# %%
my_guess = (None, None, None)

headers = ("", "map", "channels", "numbers", "blocks", "parameters", "MACs")
rows = [row(stage) for stage in range(3)]
print(f"image  224 x 224, 3 channels, {224 * 224 * 3:,} numbers")
print(table(headers, rows))

# %% [markdown]
# The first map is *larger* than the image. Then each embedding leaves a quarter of the
# tokens and makes them less than four times as long (three times, then twice), so that
# the maps get smaller. A linear layer costs $C^2$ for each token: a quarter of the
# tokens pays for twice the channels. Ten of the thirteen blocks are where tokens are
# few, and there most of both parameters and MACs are:

# %%
mc.viz.parts(cvt13)

# %% [markdown]
# Why not keep 56 x 56 tokens throughout? ViT-S/16 costs about what CvT-13 does, on
# 14 x 14 tokens of 384 channels, the last map of CvT-13.
#
# **Predict**: give ViT-S patches of 4 instead of 16, that is 56 x 56 tokens, 16 times
# as many. How many times as many MACs does it take?

# %%
my_guess = None

vit_s = mc.models.variant("vit-s16")
fine = costs(vit_s.override(embed=((4, 4, 0),)))
coarse = costs(vit_s)
totals = {
    "CvT-13": overlap.total.macs,
    "ViT-S, patches of 16": coarse.total.macs,
    "ViT-S, patches of 4": fine.total.macs,
}
assert abs(coarse.total.macs / overlap.total.macs - 1) < 0.02, "ViT-S costs as much"
assert fine.total.macs > 30 * coarse.total.macs
mc.viz.bars({"MACs of one image": totals})

# %% [markdown]
# More than sixteen times: the linear layers grow with the number of tokens, but the
# products of attention with its square. So a fine first look is affordable only on few
# channels and in few blocks, and that is the pyramid: CvT-13 has 56 x 56 tokens in one
# block of thirteen. (There it also asks fewer keys, which is the subject of 09 and 10.)
#
# One more thing grows on the way: what a token has seen. Through $i$ embeddings with
# kernels $k_i$ and strides $s_i$ neighbouring tokens are $j_i$ pixels apart, and the
# window of each is $r_i$ pixels wide:
#
# $$ j_i = s_i \, j_{i-1}, \qquad r_i = r_{i-1} + (k_i - 1) \, j_{i-1},
# \qquad r_0 = j_0 = 1 \tag{2} $$


# %%
def window_of(embeds, side, token):
    """Rows of pixels on which one token depends, by its gradient."""
    rng = np.random.default_rng(0)
    pixels = mc.Tensor(rng.normal(size=(1, side, side, 3)), requires_grad=True)
    x = pixels
    for embed in embeds:
        x = embed(x)
    cotangent = np.zeros(x.shape)
    cotangent[0, token, token] = rng.normal(size=x.shape[-1])
    x.backward(cotangent)
    return np.flatnonzero(np.abs(pixels.grad[0]).sum(axis=(1, 2)))


# %% [markdown]
# **Predict**: a token of CvT-13's last stage stands for 16 x 16 pixels. From how many
# pixels on a side does it come, through the embeddings alone?

# %%
my_guess = None

widths = (3, *cvt13.dims)
chain = [
    nn.ConvEmbed(widths[i], widths[i + 1], *cvt13.embed[i], init=init) for i in range(3)
]
r, j, fields = 1, 1, []
for i, (k, s, _) in enumerate(cvt13.embed):
    r, j = r + (k - 1) * j, s * j
    rows = window_of(chain[: i + 1], 96, token=96 // j // 2)
    fields.append((f"stage{i}", j, r, len(rows), f"{rows[0]} to {rows[-1]}"))
    assert len(rows) == r
print(table(("", "apart", "formula", "by gradient", "rows of 96"), fields))

# %% [markdown]
# Nearly four times the area it stands for: neighbours share half of what they see, in
# each direction. Remember this when in lesson 10 three of four keys go. (What a token
# depends on *after* the blocks is the whole image; how much of it is for lesson 13.)
#
# ## 5 · Your turn
#
# Replace each `None`, run the cell, then the check below it, which says what is wrong.
# `embeds` is a list of (kernel, stride, padding), as in `cvt13.embed`.


# %% tags=["exercise"]
def sides_of(side, embeds):
    """Sides of the token maps after each embedding, as a tuple: equation (1)."""
    return None


def pixels_seen(embeds):
    """Pixels on a side from which a token of the last map comes: equation (2)."""
    return None


def windows_over(pixel, side, kernel, stride, padding):
    """How many windows read pixel number `pixel` of a row of `side` pixels."""
    return None


# %% tags=["check"]
chosen = ((7, 4, 2), (3, 2, 1), (3, 2, 1))
check(sides_of, ((224, chosen), (56, 28, 14)), ((227, chosen), (57, 29, 15)))
check(pixels_seen, ((chosen,), 31), ((((16, 16, 0),),), 16), ((chosen[1:],), 7))

inside = [((n, 8, 3, 2, 1), 1 + n % 2) for n in range(7)]
border = [((n, 18, 4, 4, 0), int(n < 16)) for n in (0, 15, 16)]
check(windows_over, *inside, ((7, 8, 3, 2, 1), 1), *border, ((8, 32, 7, 4, 2), 2))

# %% [markdown]
# **Next**: the map stays a map inside the blocks too. In 09 queries, keys and values
# are made by convolutions, and it matters very much which kind.
