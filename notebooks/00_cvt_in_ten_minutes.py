# %% [markdown]
# # 00 · CvT in ten minutes
#
# **Afterwards you can** follow one image through a Convolutional vision Transformer,
# say what each part does and what it costs, train one, and see what it looks at.
#
# **You need** Python. No PyTorch, no graphics card, no network. **Ten minutes**, of
# which the computer works for one; twenty if you also guess, and do section 5.
#
# A vision transformer makes of each place of an image a vector, a *token*, and lets
# every token ask all others for what it needs. The first of them, ViT, cuts the image
# into patches that do not touch. [CvT](https://arxiv.org/abs/2103.15808) (Wu et al.,
# 2021) makes tokens with **convolutions**, small windows that slide over the image, so
# that they overlap and know their neighbours. Here it is at work on a handwritten
# digit; the rest of this page is about this picture.

# %% tags=["volatile"]
import numpy as np

import minicvt as mc

digits = mc.data.digits(seed=0)
model = mc.models.build("cvt-c8w", seed=0)  # a small CvT for 8 x 8 images
history = mc.train.fit(model, digits, mc.train.RECIPES["digits8"])

image = digits.test_images[2]
mc.viz.token_maps(model, image)

# %% [markdown]
# You have just trained it, on small scans of real handwriting. On the left what came
# in, an 8 x 8 image; then the *token map* after each stage. Every square is a token;
# what is drawn of its vector is stated under each tile.
#
# A **stage** makes a token map, and runs *blocks* over it. In a **block** tokens first
# ask each other (attention, section 2); then an **MLP**, two matrix products with a
# bent function between them, works on each token alone.
#
# ## 1 · From pixels to tokens
#
# A stage begins with a convolution, here of kernel $k$ (its window is $k$ x $k$),
# stride $s$ (how far it moves each time) and padding $p$ (rows of zeros around the
# map). Over a map of height $H$ it leaves
#
# $$ H' = \left\lfloor \frac{H + 2p - k}{s} \right\rfloor + 1 \tag{1} $$
#
# rows, and as many columns likewise (equation 1 of the paper). Stage 0 of this model
# has $k, s, p = 3, 1, 1$ and stage 1 has $3, 2, 1$.
#
# **Predict**: how many tokens are there after stage 0, and after stage 1, of an 8 x 8
# image? Write your guess before you run the cell.

# %%
my_guess = (None, None)  # tokens after stage 0, tokens after stage 1

with mc.observe() as events:
    model.eval()(image[None])

modules = {e.path: e.output for e in events if hasattr(e, "module")}
for stage in ("stage0", "stage1"):
    token_map, cls = modules[stage]
    _, height, width, channels = token_map.shape
    print(f"{stage}: {height} x {width} = {height * width} tokens of {channels}")

# %% [markdown]
# `observe` is the one way to look inside: every operation and every module tells it
# what came in and what went out. The pictures, the counts and the tests all read this
# stream. Memory is channels-last, so from map to tokens is a reshape that moves
# nothing: token $i \cdot W + j$ of a map $W$ wide is place $(i, j)$.

# %%
token_map = modules["stage0"][0].numpy()
tokens, grid = mc.nn.flatten(mc.Tensor(token_map))
print("tokens", tokens.shape, "lie on", grid)
assert np.array_equal(tokens.numpy()[0, 3 * grid.width + 5], token_map[0, 3, 5])

# %% [markdown]
# ## 2 · Tokens that ask
#
# In each block a token makes a *query*, a *key* and a *value*. It takes a mean of all
# values, weighted by how well its query fits their keys:
#
# $$ \operatorname{softmax}\!\left(\alpha\, Q K^\top\right) V \tag{2} $$
#
# Softmax makes weights that are positive and add up to one; $\alpha$ is a fixed scale.
# A block may do this several times side by side, each time with a part of the channels:
# these are its *heads*.
#
# In ViT, $Q$, $K$ and $V$ come from each token alone. CvT first runs a *depthwise*
# convolution, one window for each channel, over the token map: at stride 1 for queries,
# and at **stride 2** for keys and values. That is its *convolutional projection*; a
# linear map of each token follows, as in ViT.
#
# **Predict**: stage 0 has 64 queries. How many keys does each of them see?

# %%
my_guess = None

for event in events:  # operations tell their name and options too
    if event.path.endswith("attn") and getattr(event, "name", "") == "attend":
        queries, keys = event.options["query_grid"], event.options["key_grid"]
        print(f"{event.path}: queries on {queries}, keys on {keys}")

# %% [markdown]
# The `1 +` in stage 1 is the **class token**: it lies nowhere on the image, asks like
# the others, and its last answer is all the classifier reads. So this is what the
# decision was made from, head by head, trained and (below it) untrained:

# %% tags=["volatile"]
mc.viz.class_attention(model, image)

# %% tags=["volatile"]
untrained = mc.models.build("cvt-c8w", seed=1)
mc.viz.class_attention(untrained, image)

# %% [markdown]
# Always look at the untrained control before you believe an attention map: what both
# show was not learned. With four keys and a class token there is not much to see in so
# small a model.
#
# ## 3 · How it learned
#
# The *loss* is what learning makes small. Here it is the cross-entropy, which is large
# where the right digit was given little probability.

# %% tags=["volatile"]
mc.viz.training_curve(history)

# %% tags=["volatile"]
probabilities = mc.predict(model, digits.test_images)
answers = probabilities.argmax(axis=1)
right = (answers == digits.test_labels).mean()
print(f"{right:.1%} of {len(answers)} digits it has never seen are right")
mc.viz.confusion_matrix(digits.test_labels, answers, digits.classes)

# %% [markdown]
# Learning is: compute a loss, walk back through every operation that led to it (the
# *tape*), and move every parameter a little against its gradient. One step by hand:

# %%
logits = model.train()(digits.train_images[:64])
loss = mc.ops.cross_entropy(logits, digits.train_labels[:64])
loss.backward()

kernel = model.stage1.blocks[0].attn.conv_proj_k.conv.weight
print("a depthwise kernel", kernel.shape, "and its gradient", kernel.grad.shape)
assert all(p.grad is not None for _, p in model.named_parameters())

# %% [markdown]
# `mc.tape(loss)` shows that walk for any loss. The model's is long; here is the tape of
# one *residual*, a sum of a value and a function of it: $y = h +
# \operatorname{gelu}(h)$ with $h = x W^\top$ (GELU is the MLP's bent function). The arc
# is the road on which $h$ goes round the function to the sum. So the gradient of $h$
# comes home by two roads, and what they bring is added. On the right stand
# multiply-adds (MACs), and what an operation must keep for the way back, beside the
# leaves.

# %%
x = mc.Tensor(np.linspace(-1, 1, 6).reshape(2, 3), requires_grad=True)
weight = mc.nn.Parameter(np.array([[0.5, -1, 2], [1, 1, 0], [0.3, 0, -0.7]]))
h = mc.ops.linear(x, weight)
y = h + mc.ops.gelu(h)
mc.tape((y * y).sum())

# %% [markdown]
# ## 4 · What it costs
#
# A MAC is one multiply-add. The ledger counts what is executed, in integers. CvT-13 is
# the paper's smallest model, with 13 blocks; `head` in the table is its classifier, and
# LayerNorm brings each token to one scale.
#
# **Predict**: where does most of CvT-13's arithmetic go: embedding, convolutional
# projection, attention products, or MLP?

# %%
my_guess = None

from minicvt.accounting import kv_savings, parts_table, savings_table

cvt13 = mc.models.variant("cvt-13")
print(parts_table(cvt13, (224, 224)))

# %% [markdown]
# The convolutional projections, the paper's idea, are next to nothing beside the MLP.
# What their stride buys is in the next table: keys and values at stride 2, counted
# against the same model at stride 1.

# %%
print(savings_table(cvt13, (224, 224)))
mc.viz.kv_savings(cvt13, (224, 224))

# %% [markdown]
# "Four times fewer keys" is exact in stages 0 and 1 and not in stage 2, where the class
# token is a key too. And the whole model saves much less than its attention does,
# because most of its work was never attention. The cell below asserts what was said
# here.

# %%
with mc.shapes_only():  # counted without a byte of weights
    ledger = mc.count(mc.models.build("cvt-13"))
macs = ledger.by("part")
assert max(macs, key=macs.get) == "MLP"
assert macs["convolutional projection"] < 0.01 * macs["MLP"]

savings = {s.quantity: s for s in kv_savings(cvt13, (224, 224))}
assert savings["keys of stage0"].ratio == savings["keys of stage1"].ratio == 4
assert savings["keys of stage2"].stride_1 == 14 * 14 + 1
assert savings["MACs of the model"].ratio < 1.5

# %% [markdown]
# ## 5 · Your turn
#
# Replace each `None`, run the cell, then the check below it, which says what is wrong.


# %% tags=["exercise"]
def rows_after(height, kernel, stride, padding):
    """Equation (1)."""
    return None


def keys_seen(height, width, class_token):
    """Keys of one query, when a 3 x 3 window with padding 1 reads at stride 2."""
    return None


def savings_whole_model(name, image):
    """How many times less the whole model computes than with keys at stride 1."""
    return None


# %% tags=["check"]
from minicvt.lessons import check

cvt21 = mc.models.variant("cvt-21")
whole = {s.quantity: s.ratio for s in kv_savings(cvt21, (224, 224))}
check(rows_after, ((224, 7, 4, 2), 56), ((7, 3, 2, 1), 4), ((8, 3, 1, 1), 8))
check(keys_seen, ((14, 14, True), 50), ((7, 7, False), 16), ((56, 56, False), 784))
check(savings_whole_model, (("cvt-21", (224, 224)), whole["MACs of the model"]))

# %% [markdown]
# **Next**: notebook 01 builds the tape of section 3 in under sixty lines.
# `minicvt --help` lists what you can do from a terminal, and `minicvt/models/cvt.py` is
# the model you just trained, to be read beside the paper. The
# [glossary](../docs/glossary.md) has the terms of all notebooks in English, Korean
# (한국어) and Chinese (中文).
