"""Convolution, dense and grouped, and its two gradients."""

from __future__ import annotations

from minicvt.kernels.convolution import loops
from minicvt.kernels.select import Kernel

conv2d = Kernel(loops.conv2d)
conv2d_input_grad = Kernel(loops.conv2d_input_grad)
conv2d_weight_grad = Kernel(loops.conv2d_weight_grad)
