"""Normalisation: by layer (along a row), by batch (down a column), and column sums."""

from __future__ import annotations

from minicvt.kernels.normalization import loops
from minicvt.kernels.select import Kernel

layer_norm = Kernel(loops.layer_norm)
add_layer_norm = Kernel(loops.add_layer_norm)
layer_norm_backward = Kernel(loops.layer_norm_backward)
batch_norm = Kernel(loops.batch_norm)
batch_norm_backward = Kernel(loops.batch_norm_backward)
batch_norm_eval = Kernel(loops.batch_norm_eval)
batch_norm_eval_backward = Kernel(loops.batch_norm_eval_backward)
column_sum = Kernel(loops.column_sum)
