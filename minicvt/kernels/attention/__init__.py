"""Attention: the softmax of the rows, and scaled dot-product attention."""

from __future__ import annotations

from minicvt.kernels.attention import loops
from minicvt.kernels.select import Kernel

softmax = Kernel(loops.softmax)
softmax_backward = Kernel(loops.softmax_backward)
attend = Kernel(loops.attend)
attend_backward = Kernel(loops.attend_backward)
