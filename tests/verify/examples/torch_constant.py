"""A right one in PyTorch whose BatchNorm takes the batch's statistics for constants."""

from types import MethodType

import torch
import torch_right


def forward(norm, x):
    mean, var = norm.running_mean, norm.running_var
    if norm.training:
        mean, var = x.mean((0, 2, 3)).detach(), x.var((0, 2, 3), correction=0).detach()
        count = x.numel() // x.shape[1]
        with torch.no_grad():
            norm.running_mean.lerp_(mean, norm.momentum)
            norm.running_var.lerp_(var * count / (count - 1), norm.momentum)
    weight = norm.weight / torch.sqrt(var + norm.eps)
    shape = (1, -1, 1, 1)
    return (x - mean.view(shape)) * weight.view(shape) + norm.bias.view(shape)


def build(config):
    model = torch_right.build(config)
    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.forward = MethodType(forward, module)
    return model
