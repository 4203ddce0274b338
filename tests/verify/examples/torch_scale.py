"""The right one in PyTorch, with the scale of most other papers."""

import torch_right


def build(config):
    model = torch_right.build(config)
    for stage, heads in zip(model.cvt.encoder.stages, config["heads"], strict=True):
        for layer in stage.layers:
            attention = layer.attention.attention
            attention.scale = (attention.embed_dim // heads) ** -0.5
    return model
