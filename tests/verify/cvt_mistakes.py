"""What goes wrong when CvT is written anew: each mistake, and what it should be called.

They are made here in their own way: by another configuration, by other weights, or by
a part written out with einsum.
"""

from __future__ import annotations

import numpy as np

from minicvt import ops
from minicvt.nn import (
    MLP,
    Attention,
    BatchNorm2d,
    Block,
    LayerNorm,
)
from minicvt.nn.projection import AvgPool, DepthwiseBN
from tests.models.mistaking import (
    Mutate,
    Nothing,
    configured,
    doing,
    each,
    exchanged,
    times,
    weighing,
)
from tests.verify.cvt_parts import (
    activated,
    answering,
    class_convolved,
    class_normed,
    classless_keys,
    cut_wrong,
    embed_padding,
    from_normed,
    in_training,
    interleaved,
    linear_attention,
    max_pooled,
    mean_of_places,
    mean_of_tokens,
    merged_wrong,
    named,
    no_mean,
    no_mlp_residual,
    no_residual,
    normed_first,
    over_queries,
    pooled_by,
    post_norm,
    probable,
    sample_variance,
    side_by_side,
    skipped,
)

TANH = configured(activation="gelu_tanh")

MISTAKES: dict[str, Mutate] = {
    # activation
    "the activation is exact GELU, x Phi(x)": configured(activation="gelu"),
    "the activation is the tanh approximation of GELU": TANH,
    "the activation is ReLU": each(MLP, activation=lambda x: ops.maximum(x, 0 * x)),
    "the activation is SiLU, x sigmoid(x)": configured(activation="silu"),
    "the activation is missing": each(MLP, activation=lambda x: x + 0.0),
    # norms
    "LayerNorm's eps is 1e-06": configured(norm_eps=1e-6, embed_eps=1e-6),
    "LayerNorm's eps is 1e-12": configured(norm_eps=1e-12, embed_eps=1e-12),
    "BatchNorm's eps is 0.001": each(BatchNorm2d, eps=1e-3),
    "LayerNorm is missing": configured(embed_norm=False),
    "BatchNorm is missing": each(DepthwiseBN, bn=Nothing()),
    "LayerNorm's variance is divided by n - 1": doing(
        LayerNorm, forward=sample_variance
    ),
    "LayerNorm does not subtract the mean": doing(LayerNorm, forward=no_mean),
    "BatchNorm uses the batch's statistics": answering(in_training),
    "BatchNorm's statistics were never loaded": weighing(
        lambda s, _: {n: np.full_like(s[n], "var" in n) for n in s if "running" in n}
    ),
    "the norm's weight is forgotten": named("norm1.weight", np.ones_like),
    # linear maps and convolutions
    "there is no bias": named("mlp.fc1.bias", np.zeros_like),
    "the weight is transposed": named("attn.proj.weight", lambda w: w.T),
    "the padding is nothing": embed_padding(0, 0, 0),
    "the padding is half the kernel": embed_padding(3, 1, 1),
    "the kernel is flipped: convolution, not correlation": named(
        "embed.proj.weight", lambda w: w[:, :, ::-1, ::-1]
    ),
    "the kernel's rows and columns are exchanged": named(
        "embed.proj.weight", lambda w: w.transpose(0, 1, 3, 2)
    ),
    # attention
    "the scale is head_dim^-0.5": configured(scale="head_dim"),
    "the scale is missing": each(Attention, scale=1.0),
    "there are 2 heads": each(Attention, heads=2),
    "q, k and v have no biases": configured(qkv_bias=False),
    "q and k are exchanged": exchanged(".proj_q", ".proj_k"),
    "k and v are exchanged": exchanged("proj_k", "proj_v"),
    "softmax runs over the queries": doing(Attention, forward=over_queries),
    "softmax is missing": doing(Attention, forward=linear_attention),
    "heads are cut without transposing": doing(Attention, forward=cut_wrong),
    "heads are merged without transposing": doing(Attention, forward=merged_wrong),
    "channels of a head are interleaved, (d h)": doing(Attention, forward=interleaved),
    # what feeds q, k and v
    "keys and values have stride 1": configured(kv_stride=1),
    "q, k and v are not convolved": configured(projection="linear"),
    "keys and values leave the class token out": doing(
        Attention, convolve=classless_keys
    ),
    "the class token goes through BatchNorm": doing(DepthwiseBN, forward=class_normed),
    "the class token goes through convolution and BatchNorm, as a map of 1 x 1": doing(
        DepthwiseBN, forward=class_convolved
    ),
    "BatchNorm comes before the convolution": doing(DepthwiseBN, forward=normed_first),
    "ReLU follows BatchNorm": doing(DepthwiseBN, forward=activated),
    # the block
    "the residual around the attention is missing": doing(Block, forward=no_residual),
    "the residual around the feed-forward is missing": doing(
        Block, forward=no_mlp_residual
    ),
    "norms come after the residuals": doing(Block, forward=post_norm),
    "attention and feed-forward run side by side": doing(Block, forward=side_by_side),
    "residuals start from the normed tokens": doing(Block, forward=from_normed),
    "the block is skipped": answering(skipped),
    # tokens and answer
    "there is no class token": configured(cls=False),
    "the class token is zero": times(0, "stage2.cls_token"),
    "the mean of the places is read": answering(mean_of_places),
    "the mean of all tokens is read, the class token among them": answering(
        mean_of_tokens
    ),
    "the answer is softmax of the logits": answering(probable),
}
"""By what each should be called; fixture a1_dwbn shows them."""

POOLING: dict[str, Mutate] = {
    "pooling rounds sizes down": pooled_by(ceil_mode=False),
    "pooling does not count padding": pooled_by(count_include_pad=False),
    "pooling takes the maximum": doing(AvgPool, forward=max_pooled),
    "keys and values have stride 1": each(AvgPool, stride=1),
}
"""What fixture a2_avg shows."""
