"""Pooling: the maximum or the mean of every window of a map."""

from __future__ import annotations

from minicvt.kernels.pooling import loops
from minicvt.kernels.select import Kernel

max_pool2d = Kernel(loops.max_pool2d)
max_pool2d_backward = Kernel(loops.max_pool2d_backward)
avg_pool2d = Kernel(loops.avg_pool2d)
avg_pool2d_backward = Kernel(loops.avg_pool2d_backward)
