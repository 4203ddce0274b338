"""What implementations get otherwise, part by part: details to be tried."""

from minicvt.verify.microscope.hypotheses import (
    activation,
    attention,
    block,
    bottleneck,
    dropping,
    feed_forward,
    filters,
    heads,
    linear,
    norm,
    pooling,
    projection,
    readout,
    scores,
    stage,
    stems,
    token_layers,
)

PARTS = (
    activation,
    norm,
    linear,
    attention,
    scores,
    projection,
    filters,
    pooling,
    feed_forward,
    block,
    dropping,
    stage,
    stems,
    token_layers,
    readout,
    heads,
    bottleneck,
)
HYPOTHESES = [hypothesis for part in PARTS for hypothesis in part.HYPOTHESES]
"""All of them; of two that explain a difference equally well, the earlier is named."""
