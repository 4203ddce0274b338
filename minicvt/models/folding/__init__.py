"""Folding: what inference can work out beforehand, worked out once.

=========================  ==================================================
what                       goes into
=========================  ==================================================
BatchNorm after a map W    its weight and bias, W <- g W and b <- g b + h
BatchNorm before a map W   its weight and bias, W <- W diag(g), b <- b + W h
shift of a projection      the biases of q, k and v behind, b <- b + W h
scale of the scores        q's weight and bias
bias of k                  nothing: it moves all scores of a query alike
bias of v                  the output's bias, b <- b + W b_v: weights sum to 1
=========================  ==================================================

A map W is a Linear or a convolution, the second kind without padding. In evaluation
BN(y) = g y + h with g = gamma / sigma and h = beta - mean g. Each line is an identity,
up to rounding (:mod:`minicvt.models.folding.equations` states them), and what was done
is listed in ``model.folded``. What stays: LayerNorm, whose statistics are those of its
input; a BatchNorm between an activation and a convolution that pads, where the border
would see less of h; T2T-ViT's performers, whose features are no scores.
"""

from minicvt.models.folding.folded import Folded, Note, fold

__all__ = ["Folded", "Note", "fold"]
