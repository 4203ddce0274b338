"""Operations on Tensors: one family a file, each rule, forward and pullback together.

============== ============================================================
elementwise    add, subtract, multiply, divide, maximum, where, exp, log, ...
shape          reshape, transpose, getitem, concatenate, pad, broadcast_to
reductions     sum, mean, max
linear         matmul, linear
convolution    im2col, col2im, conv2d, depthwise_conv2d
pooling        max_pool2d, avg_pool2d
normalization  layer_norm, add_layer_norm, batch_norm, batch_norm_eval
attention      softmax, attend
activation     gelu, gelu_tanh, quick_gelu, silu, relu
losses         cross_entropy, soft_cross_entropy
============== ============================================================
"""

from minicvt.ops.activation import gelu, gelu_tanh, quick_gelu, relu, silu
from minicvt.ops.attention import attend, attention_map, softmax
from minicvt.ops.convolution import col2im, conv2d, depthwise_conv2d, im2col
from minicvt.ops.elementwise import (
    abs,
    add,
    divide,
    exp,
    log,
    maximum,
    multiply,
    negative,
    power,
    sigmoid,
    sqrt,
    subtract,
    tanh,
    where,
)
from minicvt.ops.linear import linear, matmul
from minicvt.ops.losses import cross_entropy, soft_cross_entropy
from minicvt.ops.normalization import (
    add_layer_norm,
    batch_norm,
    batch_norm_eval,
    layer_norm,
)
from minicvt.ops.operation import OPERATIONS, operation
from minicvt.ops.pooling import avg_pool2d, max_pool2d
from minicvt.ops.reductions import max, mean, sum
from minicvt.ops.shape import (
    broadcast_to,
    concatenate,
    getitem,
    pad,
    reshape,
    transpose,
)
from minicvt.ops.spec import Spec

__all__ = [
    "OPERATIONS",
    "Spec",
    "abs",
    "add",
    "add_layer_norm",
    "attend",
    "attention_map",
    "avg_pool2d",
    "batch_norm",
    "batch_norm_eval",
    "broadcast_to",
    "col2im",
    "concatenate",
    "conv2d",
    "cross_entropy",
    "depthwise_conv2d",
    "divide",
    "exp",
    "gelu",
    "gelu_tanh",
    "getitem",
    "im2col",
    "layer_norm",
    "linear",
    "log",
    "matmul",
    "max",
    "max_pool2d",
    "maximum",
    "mean",
    "multiply",
    "negative",
    "operation",
    "pad",
    "power",
    "quick_gelu",
    "relu",
    "reshape",
    "sigmoid",
    "silu",
    "soft_cross_entropy",
    "softmax",
    "sqrt",
    "subtract",
    "sum",
    "tanh",
    "transpose",
    "where",
]
