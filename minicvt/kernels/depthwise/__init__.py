"""Depthwise convolution: every channel with a kernel of its own, summed directly.

It is `conv2d` with as many groups as channels; through im2col it would copy the map
k*k times to multiply each copy once.
"""

from __future__ import annotations

from minicvt.kernels.depthwise import loops
from minicvt.kernels.select import Kernel

depthwise_conv2d = Kernel(loops.depthwise_conv2d)
depthwise_conv2d_input_grad = Kernel(loops.depthwise_conv2d_input_grad)
depthwise_conv2d_weight_grad = Kernel(loops.depthwise_conv2d_weight_grad)
