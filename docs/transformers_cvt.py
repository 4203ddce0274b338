"""CvtForImageClassification of transformers 5.23, with the official weights. It cannot
be built with so few blocks (stage i raises IndexError under i + 1): it is cut.

`minicvt check docs/transformers_cvt.py --markdown` writes docs/check-transformers.md.
"""

from transformers import CvtConfig, CvtForImageClassification


def build(config):
    """Build the model with random weights, in float32."""
    depths = [max(depth, i + 1) for i, depth in enumerate(config["depths"])]
    names = {"embed_dim": "dims", "num_heads": "heads", "mlp_ratio": "mlp_ratios"}
    fields = {theirs: list(config[ours]) for theirs, ours in names.items()}
    theirs = CvtConfig(depth=depths, num_labels=config["num_classes"], **fields)
    model = CvtForImageClassification(theirs)
    for stage, depth in zip(model.cvt.encoder.stages, config["depths"], strict=True):
        stage.layers = stage.layers[:depth]
    return model
