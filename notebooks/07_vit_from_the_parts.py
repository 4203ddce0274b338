# %% [markdown]
# # 07 · ViT from the parts
#
# **Afterwards you can** build a Vision Transformer out of six parts (patch embedding,
# class token, positions, LayerNorm, attention, MLP), say what each of them is for, and
# prove that without one of them a task cannot be learnt at all.
#
# **You need** 03 (convolution as a matrix product), 05 (attention) and 06 (LayerNorm,
# MLP). **50 minutes**, of which the computer trains for seconds.
#
# Here is the task: two digits side by side, never equal. Is the **left** one larger?

# %%
import numpy as np

import minicvt as mc
from minicvt import nn
from minicvt.grid import Grid
from minicvt.lessons import check, show

pairs = mc.data.load("pair8", seed=0)
answers = [pairs.classes[label] for label in pairs.test_labels[:10]]
mc.viz.gallery(pairs.test_images[:10], answers)

# %% [markdown]
# No child finds this hard. A [Vision Transformer](https://arxiv.org/abs/2010.11929)
# (ViT, Dosovitskiy et al., 2020) from which one small table was left out can only
# guess. Of any image and its twin with the two halves swapped it gets exactly one
# right, whatever its size and however long it learns. Sections 1 to 3 build it; section
# 4 proves this; section 5 trains it, with the table and without.
#
# ## 1 · Patches are a strided convolution
#
# A transformer wants a list of vectors. ViT cuts an image of $H \times W$ into patches
# of $P \times P$, which gives $N = HW / P^2$ of them, and multiplies each, written out
# as a vector $x_p$ of $P^2 C$ numbers, by one matrix $E$ with $D$ columns.
#
# Cutting looks like a reshape. It is two steps, and the second is easily forgotten:
# rows and columns *of* patches must come before rows and columns *inside* them.


# %%
def cut(image, patch):
    """Cut (H, W, C) into rows of patches, (N, P * P * C)."""
    height, width, channels = image.shape
    split = image.reshape(height // patch, patch, width // patch, patch, channels)
    return split.transpose(0, 2, 1, 3, 4).reshape(-1, patch * patch * channels)


def cut_wrongly(image, patch):
    """The same without the transpose: the shape is right."""
    return image.reshape(-1, patch * patch * image.shape[-1])


image = mc.data.load("digits16", seed=0).test_images[2]
patches, wrong = cut(image, 4), cut_wrongly(image, 4)
print("image", image.shape, "-> patches", patches.shape, "and wrongly", wrong.shape)


def tiles(rows):
    """Lay (16, 4 * 4) out with a gap around each patch of 4 x 4."""
    framed = np.pad(rows.reshape(4, 4, 4, 4), ((0, 0), (0, 0), (0, 1), (0, 1)))
    return framed.transpose(0, 2, 1, 3).reshape(20, 20)


mc.viz.maps(
    {
        "the image\n16 x 16": image[..., 0],
        "cut\n16 patches of 4 x 4": tiles(patches),
        "cut wrongly\nthe same shape": tiles(wrong),
    }
)

# %% [markdown]
# On the right every "patch" is one row of pixels, folded. No shape tells, no error is
# raised, and a model trained on it still learns something. Remember the picture.
#
# Multiplying each patch by the same matrix is what a convolution does whose window
# never overlaps: kernel $P$, stride $P$, no padding. Its weight has PyTorch's shape
# $(D, C, P, P)$; to be $E$ it must be laid out as the patches are.

# %%
init = nn.Init("float64", seed=0)
embed = nn.ConvEmbed(1, 40, kernel=4, stride=4, padding=0, eps=None, init=init)

weight = embed.proj.weight.numpy()
E = weight.transpose(2, 3, 1, 0).reshape(4 * 4 * 1, 40)
by_matrix = patches.astype(np.float64) @ E + embed.proj.bias.numpy()

token_map = embed(mc.Tensor(image[None].astype(np.float64)))
by_convolution = token_map.numpy().reshape(16, 40)
print("weight", weight.shape, "token map", token_map.shape, "tokens", by_matrix.shape)
assert np.abs(by_convolution - by_matrix).max() < 1e-14

# %% [markdown]
# So the library has no patch cutter. It has the embedding that CvT will use too, with
# other numbers in it:

# %%
show(nn.ConvEmbed)

# %% [markdown]
# **Predict**: ViT-B/16 turns each patch of 16 x 16 pixels of 3 colours into a token of
# 768 numbers. Does this embedding make the image smaller, larger, or neither? Write
# your guess before you run the cell.

# %%
my_guess = None

vit_b16 = mc.models.variant("vit-b16")
pixels = 224 * 224 * 3
grid = vit_b16.grids()[0]
print("pixels:", pixels, " numbers in the tokens:", grid.places * vit_b16.dims[0])
print("patches of one image:", grid.places, "and on the grid:", grid)
assert vit_b16.dims == (16 * 16 * 3,)

# %% [markdown]
# Neither, to the last number: for most matrices $E$ this embedding can be undone. What
# gets lost is not in the pixels. It is *where* each patch was, and beside whom.
#
# ## 2 · The class token and the positions
#
# ViT prepends one more vector to the list, learned and the same for every image. It
# stands for no place, and hears of the image only when it asks the patches, in
# attention; the classifier will read it alone. Then ViT adds a learned vector to every
# token, one for each place (equation 1 of the paper):
#
# $$ z_0 = [x_\text{class};\ x_p^1 E;\ x_p^2 E;\ \ldots;\ x_p^N E] + E_\text{pos},
# \qquad E \in \mathbb{R}^{P^2 C \times D},\
# E_\text{pos} \in \mathbb{R}^{(N + 1) \times D} \tag{1} $$
#
# The line of the library that is the bracket, and the one that makes the table:

# %%
from minicvt.nn import positions

show(nn.flatten, positions.learned)

# %%
cls_token = nn.Parameter(init.zeros(1, 1, 40))
tokens, grid = nn.flatten(token_map, cls_token)
table = positions.learned(grid.tokens, 40, init=init)
z0 = tokens + table
print("token map", token_map.shape, "-> tokens", tokens.shape, "on", grid)
print("positions", table.shape, "-> z_0", z0.shape)
assert z0.shape == (1, 1 + 4 * 4, 40)

# %% [markdown]
# ## 3 · The blocks, and the whole
#
# Each of $L$ blocks lets the tokens ask each other, then works on each alone; both are
# added to what was there (equations 2 and 3). LN is LayerNorm, MSA attention in several
# heads. At the end the class token is read (4):
#
# $$ z'_\ell = \operatorname{MSA}(\operatorname{LN}(z_{\ell-1})) + z_{\ell-1} \tag{2} $$
# $$ z_\ell = \operatorname{MLP}(\operatorname{LN}(z'_\ell)) + z'_\ell \tag{3} $$
# $$ y = \operatorname{LN}(z_L^0) \tag{4} $$

# %%
show(nn.Block.forward)


# %% [markdown]
# `norm2.of_sum(tokens, attended)` returns two things, made in one pass over memory: the
# sum of (2), and the LN of that sum, which (3) begins with. The rest is for other
# models and does nothing here: `local` (CMT's, notebook 14), a `bias` of the scores,
# and `drop_path`, which in training may leave a branch out (`drop_sum`: with its
# residual). That is everything. The model, from the parts:


# %%
class MyViT(nn.Module):
    """Equations 1 to 4, then one Linear."""

    def __init__(self, config, *, init):
        dim, grid = config.dims[0], config.grids()[0]
        self.patch_embed = nn.ConvEmbed(
            config.in_chans, dim, *config.embed[0], eps=None, init=init
        )
        self.cls_token = nn.Parameter(init.zeros(1, 1, dim))
        self.pos_embed = positions.learned(grid.tokens, dim, init=init)
        self.blocks = nn.ModuleList(
            [self.block(config, dim, init) for _ in range(config.depths[0])]
        )
        self.norm = nn.LayerNorm(dim, config.norm_eps, init=init)
        self.head = nn.Linear(dim, config.num_classes, init=init)

    def block(self, config, dim, init):
        attention = nn.Attention(
            dim, config.heads[0], "linear", kv_stride=1, scale="head_dim", init=init
        )
        hidden = int(dim * config.mlp_ratios[0])
        mlp = nn.MLP(dim, hidden, config.activation, init=init)
        return nn.Block(dim, attention, mlp, eps=config.norm_eps, init=init)

    def forward(self, images):
        z, grid = nn.flatten(self.patch_embed(images), self.cls_token)
        z = z + self.pos_embed  # (1)
        for block in self.blocks:
            z = block(z, grid)  # (2), (3)
        return self.head(self.norm(z)[:, 0])  # (4)


# %% [markdown]
# Is it right? Give it the parameters of the library's own ViT, and compare what the two
# say of the same images. The paper's ViT, freshly made, is `vit-digits16` with its
# official initialisation.
#
# **Predict**: two images of different digits go through that untrained ViT. By how much
# will their logits (the head's outputs, a number for each class) differ?

# %%
my_guess = None

images = mc.Tensor(mc.data.load("digits16", seed=0).test_images[:8])
official = mc.models.build("vit-digits16", seed=0).eval()
print(official(images).numpy()[:2])

# %% [markdown]
# Not at all: the official code starts the head at zero, so an untrained ViT says
# nothing about anything. **Any** model with a zero head agrees with it to the last
# digit. A test that passes here passes for a wrong model too; compare where the numbers
# are not special. So: another initialisation, and the comparison means something.


# %%
def mine_like(theirs):
    """Make a MyViT with the parameters of the library's."""
    mine = MyViT(theirs.config, init=nn.Init(theirs.dtype))
    state = theirs.state_dict()
    mine.load_state_dict({k.removeprefix("stage0."): v for k, v in state.items()})
    return mine.eval()


theirs = mc.models.build("vit-digits16", seed=0, init="xavier").eval()
mine = mine_like(theirs)
ours, reference = mine(images).numpy(), theirs(images).numpy()
print(reference[0].round(3))
assert np.abs(reference).max() > 0.1, "the comparison must be able to fail"
assert np.array_equal(ours, reference), "equal to the last bit"

# %% [markdown]
# And it can fail: leave the positions out, the smallest thing to forget.

# %%
forgetful = mine_like(theirs)
forgetful.pos_embed.assign(np.zeros_like(forgetful.pos_embed.numpy()))
off = np.abs(forgetful(images).numpy() - reference).max() / np.abs(reference).max()
print(f"without positions the logits are off by {off:.1%} of the largest")
assert off > 1e-3

# %% [markdown]
# All shapes on the way, as the modules tell them (the second block is like the first):

# %%
with mc.observe() as events:
    mine(images)

for event in events:
    path = getattr(event, "path", "")
    shown = path.count(".") <= 2 and "blocks.1" not in path and "drop" not in path
    if hasattr(event, "module") and shown:
        kind = type(event.module).__name__
        print(f"{path or 'the model':<15} {kind:<10} {event.output.shape}")

# %% [markdown]
# ## 4 · Impossible without positions: a proof
#
# Leave $E_\text{pos}$ out and call the rest $f$. Reorder the patches by any permutation
# $\pi$, the class token staying in front.
#
# 1. The embedding, LayerNorm, the MLP and the residual sums treat each token by itself.
#    Permuted tokens go in, the same permuted come out.
# 2. In attention each query takes a mean over *all* keys, and a sum does not depend on
#    the order of what is summed. So here too: permuted in, permuted out.
# 3. The head reads the class token, which $\pi$ does not move. Hence
#
# $$ f(\pi x) = f(x) \quad \text{for every } \pi \text{, whatever the parameters.}
# \tag{5} $$
#
# 4. In our task, swap the two halves of an image: $x \to \bar x$. As long as no patch
#    lies across the middle, this only permutes patches, so $f(\bar x) = f(x)$.
# 5. But the right answer flips: what was left is right now, and the two digits are
#    never equal.
#
# So of every couple $(x, \bar x)$ a ViT without positions gets exactly one right. Now
# the numbers. Point 2 first, on one attention layer with random tokens in float64:

# %%
rng = np.random.default_rng(0)
attention = nn.Attention(
    40, 4, "linear", kv_stride=1, scale="head_dim", init=nn.Init("float64", 1, "xavier")
)
grid, order = Grid(4, 8), rng.permutation(32)
x = rng.normal(size=(1, 32, 40))
permuted_after = attention(mc.Tensor(x), grid).numpy()[:, order]
permuted_before = attention(mc.Tensor(x[:, order]), grid).numpy()
print(f"largest difference {np.abs(permuted_after - permuted_before).max():.0e}")
assert np.abs(permuted_after - permuted_before).max() < 1e-13

# %% [markdown]
# Then (5) itself, on models for the pairs, with random parameters.


# %%
def swap(images):
    """Exchange the left and the right half of (B, H, W, C)."""
    return np.roll(images, images.shape[2] // 2, axis=2)


def change(model, images):
    """Largest change of a logit when halves are swapped, beside the largest logit."""
    before, after = model(images).numpy(), model(swap(images)).numpy()
    return np.abs(after - before).max() / np.abs(before).max()


# %% [markdown]
# A small ViT, with and without its positions; and beside them a CvT, which has no
# positions at all.
#
# **Predict**: does the answer of the CvT change when the halves are swapped?

# %%
my_guess = None

from minicvt.verify.equations.arms import recipe  # a model, its data, its training

changes = {}
for name in ("vit", "vit, no positions", "cvt"):
    config = recipe("pair8", name).build(pairs).config
    model = config.build(dtype="float64").eval()
    changes[name] = change(model, pairs.test_images[:64].astype(np.float64))
    print(f"{name:<18} changes by {changes[name]:.0e} of the largest logit")
assert changes["vit, no positions"] < 1e-13
assert changes["vit"] > 1e-3
assert changes["cvt"] > 1e-3

# %% [markdown]
# CvT's convolutions see who lies beside whom: point 1 of the proof does not hold for
# them, so (5) does not bind it. That is how it can do without a table; 08 and 09 are
# about nothing else.
#
# ## 5 · Trained with and without
#
# A proof holds for trained parameters too, but seeing it is better. Both models learn
# from pairs that are drawn anew every epoch, by the same recipe and seed.
#
# **Predict**: the loss is the cross-entropy $-\log p(\text{right class})$. Where will
# that of the ViT without positions stop falling?

# %% tags=["volatile"]
my_guess = None

trained, histories = {}, {}
for name in ("vit", "vit, no positions"):
    how = recipe("pair8", name)
    trained[name] = how.build(pairs)
    histories[name] = mc.train.fit(trained[name], pairs, how)
    last = histories[name].epochs[-1]
    print(f"{name:<18} loss {last.loss:.3f}, test accuracy {last.test_accuracy:.1%}")
print(f"log 2 is {np.log(2):.3f}")
mc.viz.training_curve(histories["vit"])

# %% tags=["volatile"]
mc.viz.training_curve(histories["vit, no positions"])

# %% [markdown]
# Forced to answer $x$ and $\bar x$ alike, the best that can be said is one half each,
# and $-\log \frac{1}{2} = \log 2$. The second picture, whose loss stays up there, does
# not show a model that needs more epochs. (Its accuracy is near one half and not
# exactly that, as the test images come without their twins.) Now ask both for the test
# pairs *and* their swapped twins:
#
# **Predict**: which share of all these does each get right? For one of the models you
# can say how many, exactly.

# %% tags=["volatile"]
my_guess = None

doubled = np.concatenate([pairs.test_images, swap(pairs.test_images)])
truth = np.concatenate([pairs.test_labels, 1 - pairs.test_labels])
right = {}
for name, model in trained.items():
    exact = model.config.build(dtype="float64")  # no rounding may decide a draw
    exact.load_state_dict(model.state_dict())
    right[name] = mc.predict(exact, doubled).argmax(axis=1) == truth
    both = np.logical_and(*np.split(right[name], 2)).sum()
    total = f"{right[name].sum()} of {len(truth)}"
    print(f"{name:<18} {total}; both of a couple: {both}")

assert right["vit, no positions"].sum() == len(truth) / 2

# %% [markdown]
# Not about half: half. This makes the task a leak test. If your ViT "without positions"
# scores better here, something tells it where the patches were.
#
# What did the table learn? Its first principal component (the direction in which the
# vectors of the places differ most), drawn where the places are; and the same of the
# table before training, the control.

# %% tags=["volatile"]
from minicvt.viz.tokens import components


def first_component(model):
    """Scores of the places' vectors on their first component, and its share."""
    stage = model.stages[0]
    places, _ = nn.unflatten(stage.pos_embed, stage.grid)
    scores, shares = components(places.numpy()[0])
    return scores[0], shares[0]


untrained = recipe("pair8", "vit").build(pairs)
scores, share = first_component(trained["vit"])
control, control_share = first_component(untrained)
mc.viz.maps(
    {
        f"trained\n{share:.0%} of the variance": scores,
        f"untrained\n{control_share:.0%} of the variance": control,
    }
)


# %% tags=["volatile"]
def mirrored(scores):
    """Correlation of the left half with the right half, place by place."""
    left, right = np.split(scores, 2, axis=1)
    return np.corrcoef(left.ravel(), right.ravel())[0, 1]


print(f"left against right: trained {mirrored(scores):+.2f}", end=", ")
print(f"untrained {mirrored(control):+.2f}")
assert mirrored(scores) < -0.5

# %% [markdown]
# Nearly the same pattern in both halves, with opposite signs: the table says where in
# *its* digit a patch lies, and by the sign, mostly, which digit that is. Nobody told it
# that there are two digits.
#
# **Predict**: exchange the two halves of the table in the trained ViT, and nothing
# else. What becomes of its test accuracy?


# %%
def accuracy(model):
    """Share of the test pairs that are right."""
    guesses = mc.predict(model, pairs.test_images).argmax(axis=1)
    return (guesses == pairs.test_labels).mean()


# %% tags=["volatile"]
my_guess = None

stage = trained["vit"].stages[0]
kept = stage.pos_embed.numpy()
before = accuracy(trained["vit"])
places, cls = nn.unflatten(stage.pos_embed, stage.grid)
exchanged, _ = nn.flatten(mc.Tensor(swap(places.numpy())), cls)
stage.pos_embed.assign(exchanged.numpy())
after = accuracy(trained["vit"])
stage.pos_embed.assign(kept)
print(f"before {before:.1%}, after {after:.1%}")
assert after < 0.5 < before

# %% [markdown]
# It now answers the question whether the *right* one is larger, just as well. By the
# argument of (5), to exchange the halves of the table is to exchange the halves of the
# image: the patches themselves do not know. "Left" is nothing but some rows of that
# table.
#
# One seed is an anecdote. The library keeps ten, on three tasks (in `digits16` and
# `roam16` the question is which digit it is); the same ViT, with positions less
# without, paired by seed. `equations` prints a claim of a paper, here of CvT's about
# DeiT (a ViT that is trained otherwise), and its evidence: the mean difference with its
# 95 % interval. *Supported* means that the whole interval is on the claim's side of
# zero, *open* that zero lies inside. It returns 0 if the verdict is the one on record:

# %%
from minicvt.verify.equations.commands import equations

unchanged = equations("cvt-T5") == 0
assert unchanged

# %% [markdown]
# On roam16 a digit may lie anywhere, and to know the place need not help: the interval
# lies on both sides of zero. A part is needed *for a task*, not as such.
#
# A last price of the table: it fits one grid.

# %%
from minicvt.errors import ShapeError

vit, wide = trained["vit"].eval(), np.zeros((1, 8, 20, 1), np.float32)
try:
    vit(wide)
except ShapeError as error:
    print("ShapeError:", error)
print("resized:", vit.resize((8, 20))(wide).shape)

# %% [markdown]
# ## 6 · Your turn
#
# Replace each `None`, run the cell, then the check below it, which says what is wrong.


# %% tags=["exercise"]
def tokens_of(height, width, patch):
    """How many tokens enter the first block of a ViT with a class token."""
    return None


def patch_rows(image, patch):
    """Cut (H, W, C), H and W multiples of P, into (N, P * P * C); without peeking."""
    return None


def order_after_swap(rows, columns):
    """Which token stands at each place after the halves of the image are swapped.

    As an array `order` of 1 + rows * columns whole numbers, such that
    `tokens[order]` are the tokens of the swapped image. Token 0 is the class token;
    `columns` is even.
    """
    return None


# %% tags=["check"]
draw = np.random.default_rng(7)
check(tokens_of, ((224, 224, 16), 197), ((384, 384, 16), 577), ((8, 16, 2), 33))

one, two = draw.normal(size=(8, 12, 3)), draw.normal(size=(4, 8, 1))
check(patch_rows, ((one, 4), cut(one, 4)), ((two, 2), cut(two, 2)))

small = ((1, 2), np.array([0, 2, 1]))
numbers = np.arange(1, 33).reshape(1, 4, 8, 1)
check(order_after_swap, small, ((4, 8), np.append(0, swap(numbers).ravel())))

# %% [markdown]
# **Next**: ViT cuts an image where the grid happens to fall. In 08 the cuts go:
# windows that overlap, a map that stays a map, and a pyramid of them.
