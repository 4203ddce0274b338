"""Layers, the parts the papers share, and what a model answers."""

from minicvt.nn.attention import Attention, merge_heads, split_heads
from minicvt.nn.block import Block
from minicvt.nn.dropping import Dropout, DropPath, drop_path_rates
from minicvt.nn.embedding import ConvEmbed
from minicvt.nn.evaluate import accuracy, evaluating, evaluation, predict
from minicvt.nn.feed_forward import ACTIVATIONS, MLP, ConvMLP, feed_forward
from minicvt.nn.images import as_images
from minicvt.nn.init import Init
from minicvt.nn.layers import BatchNorm2d, Conv2d, LayerNorm, Linear, Pointwise
from minicvt.nn.module import Module, ModuleList, Parameter
from minicvt.nn.projection import conv_projection, key_grid
from minicvt.nn.resampling import resample
from minicvt.nn.stems import STEMS, make_stem
from minicvt.nn.tokens import flatten, unflatten

__all__ = [
    "ACTIVATIONS",
    "MLP",
    "STEMS",
    "Attention",
    "BatchNorm2d",
    "Block",
    "Conv2d",
    "ConvEmbed",
    "ConvMLP",
    "DropPath",
    "Dropout",
    "Init",
    "LayerNorm",
    "Linear",
    "Module",
    "ModuleList",
    "Parameter",
    "Pointwise",
    "accuracy",
    "as_images",
    "conv_projection",
    "drop_path_rates",
    "evaluating",
    "evaluation",
    "feed_forward",
    "flatten",
    "key_grid",
    "make_stem",
    "merge_heads",
    "predict",
    "resample",
    "split_heads",
    "unflatten",
]
