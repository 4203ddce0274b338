"""Activations: GELU, its two approximations, SiLU and ReLU, each with its derivative.

Each takes the bias of the product before it along.
"""

from __future__ import annotations

from minicvt.kernels.activation import loops
from minicvt.kernels.select import Kernel

gelu = Kernel(loops.gelu)
gelu_backward = Kernel(loops.gelu_backward)
gelu_tanh = Kernel(loops.gelu_tanh)
gelu_tanh_backward = Kernel(loops.gelu_tanh_backward)
quick_gelu = Kernel(loops.quick_gelu)
quick_gelu_backward = Kernel(loops.quick_gelu_backward)
silu = Kernel(loops.silu)
silu_backward = Kernel(loops.silu_backward)
relu = Kernel(loops.relu)
relu_backward = Kernel(loops.relu_backward)
