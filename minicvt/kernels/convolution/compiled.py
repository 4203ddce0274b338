"""Convolution in Numba: compiled windows, and products beside them.

The loops bodies compiled as they stand are 20 to 50 times slower than BLAS.
"""

from __future__ import annotations

from minicvt.kernels.convolution.product import Convolution
from minicvt.kernels.multiplication.compiled import matmul
from minicvt.kernels.unfolding.compiled import col2im, im2col

_convolution = Convolution(im2col, col2im, matmul)
conv2d = _convolution.conv2d
conv2d_input_grad = _convolution.conv2d_input_grad
conv2d_weight_grad = _convolution.conv2d_weight_grad
