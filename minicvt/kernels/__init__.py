"""Kernels: arrays in, arrays out, each with up to three bodies of one equation.

``kernels.im2col(...)`` runs the body that `use` has chosen ("loops", "numpy" or
"numba"); ``kernels.im2col.body("loops")`` is one of them, to put them side by side;
`KERNELS` holds all kernels by name.  Arrays are channels-last, weights are OIHW,
and a kernel trusts its inputs: what does not fit is refused by the operation above.
Results are new arrays; inputs are never written to, but for the optimiser's own state.
"""

from __future__ import annotations

from minicvt.kernels.activation import (
    gelu,
    gelu_backward,
    gelu_tanh,
    gelu_tanh_backward,
    quick_gelu,
    quick_gelu_backward,
    relu,
    relu_backward,
    silu,
    silu_backward,
)
from minicvt.kernels.attention import (
    attend,
    attend_backward,
    softmax,
    softmax_backward,
)
from minicvt.kernels.convolution import (
    conv2d,
    conv2d_input_grad,
    conv2d_weight_grad,
)
from minicvt.kernels.depthwise import (
    depthwise_conv2d,
    depthwise_conv2d_input_grad,
    depthwise_conv2d_weight_grad,
)
from minicvt.kernels.multiplication import matmul
from minicvt.kernels.normalization import (
    add_layer_norm,
    batch_norm,
    batch_norm_backward,
    batch_norm_eval,
    batch_norm_eval_backward,
    column_sum,
    layer_norm,
    layer_norm_backward,
)
from minicvt.kernels.pooling import (
    avg_pool2d,
    avg_pool2d_backward,
    max_pool2d,
    max_pool2d_backward,
)
from minicvt.kernels.select import Kernel, active, use
from minicvt.kernels.unfolding import (
    col2im,
    im2col,
)
from minicvt.kernels.updates import adamw

KERNELS = {name: kernel for name, kernel in globals().items() if type(kernel) is Kernel}

__all__ = [
    "KERNELS",
    "Kernel",
    "active",
    "adamw",
    "add_layer_norm",
    "attend",
    "attend_backward",
    "avg_pool2d",
    "avg_pool2d_backward",
    "batch_norm",
    "batch_norm_backward",
    "batch_norm_eval",
    "batch_norm_eval_backward",
    "col2im",
    "column_sum",
    "conv2d",
    "conv2d_input_grad",
    "conv2d_weight_grad",
    "depthwise_conv2d",
    "depthwise_conv2d_input_grad",
    "depthwise_conv2d_weight_grad",
    "gelu",
    "gelu_backward",
    "gelu_tanh",
    "gelu_tanh_backward",
    "im2col",
    "layer_norm",
    "layer_norm_backward",
    "matmul",
    "max_pool2d",
    "max_pool2d_backward",
    "quick_gelu",
    "quick_gelu_backward",
    "relu",
    "relu_backward",
    "silu",
    "silu_backward",
    "softmax",
    "softmax_backward",
    "use",
]
