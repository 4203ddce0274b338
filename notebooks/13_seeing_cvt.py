# %% [markdown]
# # 13 · Seeing CvT
#
# **Afterwards you can** draw what any token of any stage attends to, follow attention
# down three grids to the pixels, measure which pixels a token really depends on, and
# say what such pictures prove: little, until the right controls stand beside them.
#
# **You need** notebooks 05, 08 and 10: attention, the pyramid, strided keys.
# **50 minutes.**
#
# The model on this page comes with the library, trained. It reads digits that were
# pasted onto photographs, in a task made hard enough that brightness or contrast alone
# do not always give the digit away. Here it is on an image it has never seen:

# %%
import numpy as np

import minicvt as mc
from minicvt.lessons import show

model = mc.trained("cvt-rgb32-mid")
data = mc.data.load("composites-mid")
image, box = data.test_images[2], data.test_boxes[2]
mc.viz.token_maps(model, image)

# %% [markdown]
# ## 1 · Whom we are looking at
#
# An explanation of a model that does not work explains nothing, so first: does it?
# Every trained model of the library has a card that says so, and how it was made.

# %%
card = mc.weights.card("cvt-rgb32-mid")
low, high = card.interval
print(f"{card.parameters:,} parameters; {card.accuracy:.1%} of {card.test_images:,}")
print(f"held-out images right (95 % interval {low:.1%} to {high:.1%}); made by")
print("\n".join(f"    {command}" for command in card.commands))

# %%
few = slice(0, 10)
answers = mc.predict(model, data.test_images[few]).argmax(axis=1)
pairs = zip(answers, data.test_labels[few], strict=True)
mc.viz.gallery(
    data.test_images[few], [f"says {said}, is {truth}" for said, truth in pairs]
)

# %% [markdown]
# The digits of these images, and the parts of the photos under them, were kept from
# training. Each also knows its *box*, the rectangle of the digit's ink, which the model
# was never told. It will be the judge of the pictures to come. Whom to thank for the
# photos:

# %%
from minicvt.data.photos import CREDITS

print(CREDITS)

# %% [markdown]
# ## 2 · Three grids
#
# In a ViT all tokens lie on one grid, and its attention is drawn by reshaping a row.
# CvT has three grids of queries, and since its keys are strided, three more of keys:

# %%
seen = mc.viz.observed(model, image)
for attention in seen.attention:
    heads, queries, keys = attention.weights.shape
    print(
        f"{attention.path}: {heads} head(s), queries on {attention.query_grid}, "
        f"keys on {attention.key_grid}: {queries} x {keys} weights"
    )

# %% [markdown]
# So a row of weights must be drawn on the grid of the *keys*, and one square of it is
# as large as the place a key stands for. Here is what the token in the middle of the
# first stage, outlined, draws its values from:

# %%
mc.viz.attention(model, image, stage=0, query=(8, 8))

# %% [markdown]
# And the class token, in the last block. The classifier reads nothing but this token,
# so these are the last weights before the decision, head by head:

# %%
mc.viz.class_attention(model, image)

# %% [markdown]
# It looks as if the heads had found the digit. But every map looks like something. The
# same four heads of a model that has not been trained:

# %%
fresh = [mc.models.from_dict(model.config.as_dict()).build(seed=s) for s in range(6)]
mc.viz.class_attention(fresh[0], image)

# %% [markdown]
# Something bright here too. Read the scale: it ends a little above the weight that each
# key would have if all had the same. On the scale of the trained heads these are blank:

# %%
trained, untrained = (
    mc.viz.observed(m, image).block().weights for m in (model, fresh[0])
)
assert trained[:, 0].max() > 0.5
assert untrained[:, 0].max() < 2 / untrained.shape[2]
mc.viz.class_attention(fresh[0], image, top=float(trained[:, 0, 1:].max()))

# %% [markdown]
# ## 3 · Down to the pixels: rollout
#
# A key of the last stage is no pixel. What it holds came through the blocks and windows
# below. *Attention rollout* (Abnar and Zuidema, 2020) follows it: a block passes on one
# half by attention $A$, the mean over its heads, and one half by the residual path,
#
# $$ F = \tfrac{1}{2}\,(A + I) \tag{1} $$
#
# where keys are as many as queries, and a row of the product of all $F$ says where a
# token's content came from. In a pyramid with strided keys two steps join. A key hands
# what it holds to the tokens its window read, with weights $[1\ 2\ 1]/4$ along each
# axis, so that every token is read equally often; and a token of one stage hands its
# share to the tokens of the stage below that its embedding's window read. With $D$ for
# dealing keys out,
#
# $$ \text{row} \leftarrow \tfrac{1}{2}\,(\text{row}\,A\,D + \text{row}) \tag{2} $$

# %%
from minicvt.interpret.rollout import Block

show(Block.back)

# %% [markdown]
# **Predict**: begin with all of it, 1, on the class token after the last block. How
# much of this 1 arrives at the pixels? All, half, a tenth?

# %%
my_guess = None

from minicvt.interpret import rollout, watch

levels = watch(model, image[None])
share = rollout(levels)[0]
assert share.shape == image.shape[:2]
assert (share >= 0).all()

blocks = len(levels[-1].blocks)
row = np.zeros((1, levels[-1].grid.tokens), image.dtype)
row[0, 0] = 1
stays = 0.5**blocks  # by the residual path alone
for block in reversed(levels[-1].blocks):
    row = block.back(row)
kept = row[0, 0]
print(f"at the pixels: {share.sum():.3f}")
print(f"on the class token to the end: {kept:.3f}, {stays:.3f} by residuals alone")
print(f"lost to padding: {1 - kept - share.sum():.3f}")
assert stays < kept < 1 - share.sum()

# %% [markdown]
# Equation (1) leaves half of a token's share where it is in each block, and the class
# token attends to its own key besides; what is on it to the end never came from any
# pixel. The rest is lost to padding: windows at the border read places that are not
# there, and rollout drops their share. (To give it to the others instead lights up the
# corners of *every* map.) On its way down:

# %%
on_the_way = {
    "stage 1's tokens": rollout(levels[2:])[0],
    "stage 0's tokens": rollout(levels[1:])[0],
    "pixels": share,
}
mc.viz.maps(on_the_way)

# %% [markdown]
# ## 4 · Trained against untrained
#
# Look at the scale under each tile. Every map is stretched from its own least to its
# own largest value, and so has something bright in it, whatever it is worth.
#
# **Predict**: six models of this kind, just initialised, never trained. In how many of
# them is rollout's brightest pixel inside the digit's box?

# %%
my_guess = None

top, left, bottom, right = box


def hit(found):
    """Whether the largest value lies in the box."""
    y, x = np.unravel_index(found.argmax(), found.shape)
    return top <= y < bottom and left <= x < right


untrained = [rollout(watch(m, image[None]))[0] for m in fresh]
words = {True: "in the box", False: "outside"}
tiles = {f"trained\n{words[hit(share)]}": share}
for seed, found in enumerate(untrained):
    tiles[f"untrained, seed {seed}\n{words[hit(found)]}"] = found
area = (bottom - top) * (right - left) / share.size
print(f"the box is {area:.0%} of the image")
inside = sum(hit(found) for found in untrained)
print(f"in it: {inside} of {len(untrained)} untrained models' brightest pixels")
mc.viz.maps(tiles)

# %% [markdown]
# If chance were all, a model would hit as often as the box is large. Convolutions that
# have learned nothing still answer to edges, and a digit is made of strong ones, which
# may be why. So chance is not control enough. Neither is one untrained model, as single
# initialisations differ widely: take several.
#
# One image is an anecdote too. The *pointing game* asks the same of many: how often
# does the brightest pixel lie in the box? Beside rollout compete two shorter ones,
# which follow attention through the blocks of the last stage only (*last stage*) or
# through the last block only (*last block*), and below them nothing but the windows;
# rollout in six untrained models; and three maps that know no model: how far a pixel's
# colour is from the image's mean (*contrast*), how bright it is, and chance.
#
# **Predict**: put rollout, contrast and "last stage" in order.

# %% tags=["volatile"]
my_guess = None

from minicvt.interpret import orders, pointing

many = slice(0, 200)
images, boxes = data.test_images[many], data.test_boxes[many]
maps = orders(model, images)
score = {
    name: np.mean([pointing(one, boxes).mean() for one in versions])
    for name, versions in maps.items()
}
for name, hits in score.items():
    print(f"{name:18} {hits:6.1%}")

assert score["rollout"] > score["untrained rollout"] + 0.1 > score["random"]
assert score["last stage"] > score["rollout"] + 0.1
assert abs(score["rollout"] - score["contrast"]) < 0.1

# %% [markdown]
# This is what rollout does **not** show. It beats chance, and it beats untrained
# models. It does not beat contrast, which knows no model; and following attention
# *less* far, through the last stage only, points better. The blocks of the stages
# below, it seems, add to the map what they attend to, and not what decides.
#
# Pointing at the digit is not the same as using it. *Deletion* (Petsiuk et al., 2018)
# asks the model: paint over 4 x 4 patches with the image's mean colour, highest first;
# the sooner the probability of the answer falls, the more these patches mattered. The
# area under that curve, probability against share of patches gone, should be low. (Of
# the untrained and the random maps only the first, so as not to keep you waiting.)

# %% tags=["volatile"]
from minicvt.interpret import deletion

part = slice(0, 32)
areas = {
    name: float(deletion(model, images[part], maps[name][0][part]).mean())
    for name in ("rollout", "last stage", "contrast", "untrained rollout", "random")
}
for name, found in areas.items():
    print(f"{name:18} {found:.3f}")

assert areas["last stage"] < areas["rollout"] < areas["untrained rollout"]
assert areas["untrained rollout"] > areas["random"] - 0.05

# %% [markdown]
# Untrained rollout looks hardly better than chance here. Is it? These are few images,
# and one untrained model. The whole study, with all six of them, more images and 95 %
# intervals, was run by `minicvt faithful` and is kept with the library. It has a
# second model in it, trained on an *easy* version of the task, dark photos and bright
# digits:

# %%
from minicvt.interpret.measured import measured
from minicvt.tables import table

for name in ("cvt-rgb32-mid", "cvt-rgb32-easy"):
    kept = measured(name)
    print(f"{name}, {kept.images} images\n")
    print(table(("order", "deletion area (low is good)", "pointing"), kept.rows))
    print("\n" + "\n".join(kept.verdicts) + "\n")

# %% [markdown]
# Over six initialisations and these images untrained rollout does beat chance in
# deletion. One initialisation on few images did not show it: that is what "take
# several" is for.
#
# Intervals that overlap, and yet "it wins alone": the verdicts are *paired*. Some
# images lose their answer early under every order, and that makes each interval wide.
# The difference of two orders is taken image by image, which leaves this out; an order
# is told apart if the interval of its mean difference does not hold zero.
#
# On the easy task contrast points at the digit every single time. Had we shown only
# that model, its maps would have proved nothing: any method that likes contrast would
# look like an explanation. Whether a claim about attention can be tested depends on the
# *data*, before it depends on the method.
#
# ## 5 · What a token depends on: effective receptive fields
#
# Rollout multiplies weights and forgets the values they weigh, the MLPs and all signs.
# There is a plainer question with an exact answer: if this pixel changes a little, how
# much does that token change? That is a gradient, and gradients we have. Of a token
# $t$ with $C$ channels, over many images,
#
# $$ E_{y,x} \;\propto\; \text{mean} \left\lVert \frac{\partial t}
#    {\partial\, \text{pixel}_{y,x}} \right\rVert^2,
#    \qquad \textstyle\sum_{y,x} E_{y,x} = 1 \tag{3} $$
#
# is the share of the token's change that comes from each pixel when every pixel is
# disturbed by noise: its *effective receptive field* (after Luo et al., 2016).

# %%
from minicvt.interpret import reach, receptive_field

show(receptive_field)

# %% [markdown]
# The walk back starts from a *random direction* of the token's channels, another one
# for each image; on average that gives (3), up to a factor. The obvious choice, the sum
# of its channels, is the one that fails: the next LayerNorm takes a token's mean away,
# so what moves only the mean moves nothing that is ever read.
#
# **Predict**: a token of stage 0 is embedded from a window of 3 x 3 pixels and has been
# through one block. From how many of the 1024 pixels does it get a gradient at all? And
# what is the least number of pixels that hold half of it (`reach`)?

# %% tags=["volatile"]
my_guess = (None, None)

sample = data.test_images[:32]
places = {"stage 0": (0, (8, 8)), "stage 1": (1, (4, 4)), "stage 2": (2, (4, 4))}
fields = {name: receptive_field(model, sample, *at) for name, at in places.items()}
for name, field in fields.items():
    print(f"{name}: {(field > 0).sum()} pixels; half of it in {reach(field)}")

assert all((field > 0).all() for field in fields.values())
assert reach(fields["stage 0"]) < 9

# %% [markdown]
# Every pixel, and a handful. Attention makes the *theoretical* receptive field the
# whole image from the first block on. The residual path keeps the *effective* one small
# and local: most of a token is still itself.
#
# **Predict**: for a token of the last stage, does training make the field narrower or
# wider than it was at initialisation?

# %%
my_guess = None

tiles = {}
for name, at in places.items():
    before = [reach(receptive_field(m, sample, *at)) for m in fresh]
    tiles[f"{name}, trained\nhalf in {reach(fields[name])}"] = fields[name]
    span = f"half in {min(before)} to {max(before)}"
    print(f"{name}: trained half in {reach(fields[name])}, untrained {span} pixels")
    tiles[f"untrained\n{span}, six seeds"] = receptive_field(fresh[0], sample, *at)

assert reach(fields["stage 2"]) > 2 * max(before)
mc.viz.maps(tiles, across=2)

# %% [markdown]
# Wider, in this model more than twice: its last stage *has learned to look around*. How
# much of a field is attention's doing can be tested. Set the output projection of every
# attention to zero, so that blocks pass their tokens on untouched by others, and only
# the windows of the embeddings are left:

# %% tags=["volatile"]
alone = mc.models.from_dict(model.config.as_dict()).build()
alone.load_state_dict(model.state_dict())
for name, parameter in alone.named_parameters():
    if ".attn.proj." in name:
        parameter.assign(np.zeros(parameter.shape, parameter.dtype))

for name, at in places.items():
    window = receptive_field(alone, sample, *at) > 0
    side = int(np.sqrt(window.sum()))
    assert window.sum() == side**2
    inside = fields[name][window].sum()
    assert inside < 0.67 if name == "stage 2" else inside > 0.85
    print(
        f"{name}: a window of {side} x {side}; of the whole field, {inside:.0%} in it"
    )

right = (mc.predict(alone, data.test_images).argmax(axis=1) == data.test_labels).mean()
print(f"and without attention {right:.0%} of the digits are right")
assert right < 0.2

# %% [markdown]
# In the first stages about nine tenths of what a token depends on lie in the window of
# its embedding. In the last, more than a third comes from outside, through attention.
# The class token is the other extreme: it has no window and no place at all, and
# whatever it knows came by attention. (So the last line of the cell is no measure of
# attention's worth: without it this head reads no pixel at all.)

# %%
classes = {"class token, trained": receptive_field(model, sample)}
for seed in (0, 1, 2):
    classes[f"untrained, seed {seed}"] = receptive_field(fresh[seed], sample)
reaches = [reach(found) for found in classes.values()]
for name, found in zip(classes, reaches, strict=True):
    print(f"{name}: half in {found} pixels")
assert max(reaches) < 1.5 * min(reaches)
mc.viz.maps(
    {f"{name}\nhalf in {reach(found)}": found for name, found in classes.items()}
)

# %% [markdown]
# Over many images the digit is anywhere, so no digit shows. Trained or not, the class
# token reaches about as far. What training removed is the *grid*: along each axis
# windows of 3 at stride 2 read every other pixel twice, in each of two embeddings, and
# an untrained model adds that up. What it brought, looking at *this* digit in *this*
# image, no average can show.
#
# What to take home:
#
# 1. Say which grid a map lies on, and how it is scaled.
# 2. Put an untrained control beside it, several times, and maps that know no model.
# 3. Judge by what follows (pointing, deletion), on data where the controls fail.
# 4. Weights are not dependence. The gradient is, for small changes.
#
# ## 6 · Your turn
#
# Replace each `None`, run the cell, then the check below it, which says what is wrong.


# %% tags=["exercise"]
def window_side(kernels, strides):
    """Side, in pixels, of the window that a token sees through embeddings alone.
    (3, 3) and (2, 2) are two embeddings of kernel 3, stride 2, in order."""
    return None


def pointing_rate(maps, boxes):
    """Share of maps (N, H, W) whose largest value lies in its box (N, 4): top, left,
    bottom, right, the last two outside. Of equals, the first counts."""
    return None


def deal(keys, count):
    """One axis of D: key i hands its share to the tokens 2i - 1, 2i and 2i + 1 out of
    ``count``, weighted 1/4, 1/2, 1/4. What falls outside is lost."""
    return None


# %% tags=["check"]
from minicvt.interpret.windows import Window
from minicvt.lessons import check

rng = np.random.default_rng(5)
some, corners = rng.random((40, 6, 7)), np.tile([1, 0, 4, 5], (40, 1))
row = rng.random(4)
dealt = Window((3, 1), (2, 1), (1, 0), (7, 1)).deal(row[None, :, None])[0, :, 0]
ones = np.array([2, 2, 2, 2, 2, 1]) / 4

check(window_side, (((3,), (2,)), 3), (((3, 3), (2, 2)), 7), (((7, 3), (4, 2)), 15))
check(pointing_rate, ((some, corners), pointing(some, corners).mean()))
check(deal, ((row, 7), dealt), ((np.ones(3), 6), ones))

# %% [markdown]
# **Next**: in notebook 14 CvT meets its relatives, which differ from it in one part of
# one block each. From a terminal, `minicvt explain --sample 2` writes a page on which
# you move the pointer over this image and see every query's attention, trained and
# untrained, in all three grids.
