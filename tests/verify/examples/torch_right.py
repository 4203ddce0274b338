"""transformers' CvT with the official activation: a right one, in PyTorch."""

import torch
from transformers import CvtConfig, CvtForImageClassification


class QuickGELU(torch.nn.Module):
    def forward(self, x):
        return x * torch.sigmoid(1.702 * x)


def build(config):
    depths = [max(depth, i + 1) for i, depth in enumerate(config["depths"])]
    names = {"embed_dim": "dims", "num_heads": "heads", "mlp_ratio": "mlp_ratios"}
    fields = {theirs: list(config[ours]) for theirs, ours in names.items()}
    theirs = CvtConfig(depth=depths, num_labels=config["num_classes"], **fields)
    model = CvtForImageClassification(theirs)
    for stage, depth in zip(model.cvt.encoder.stages, config["depths"], strict=True):
        stage.layers = stage.layers[:depth]
        for layer in stage.layers:
            layer.intermediate.activation = QuickGELU()
    return model
