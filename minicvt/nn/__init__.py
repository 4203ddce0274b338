"""Layers, and the parts the papers share."""

from minicvt.nn.attention import Attention, merge_heads, split_heads
from minicvt.nn.block import ACTIVATIONS, MLP, Block
from minicvt.nn.dropping import Dropout, DropPath, drop_path_rates
from minicvt.nn.embedding import ConvEmbed
from minicvt.nn.images import as_images
from minicvt.nn.init import Init
from minicvt.nn.layers import BatchNorm2d, Conv2d, LayerNorm, Linear
from minicvt.nn.module import Module, ModuleList, Parameter
from minicvt.nn.projection import conv_projection
from minicvt.nn.tokens import flatten, unflatten

__all__ = [
    "ACTIVATIONS",
    "MLP",
    "Attention",
    "BatchNorm2d",
    "Block",
    "Conv2d",
    "ConvEmbed",
    "DropPath",
    "Dropout",
    "Init",
    "LayerNorm",
    "Linear",
    "Module",
    "ModuleList",
    "Parameter",
    "as_images",
    "conv_projection",
    "drop_path_rates",
    "flatten",
    "merge_heads",
    "split_heads",
    "unflatten",
]
