"""Normalisation in Numba: the loops as they stand, which PyTorch does not outrun.

Only the sums along a row need leave to be taken in any order; the sums down the
columns go row by row through vectors of channels as they are.
"""

from __future__ import annotations

from minicvt.kernels.fastmath import ANY_ORDER
from minicvt.kernels.jit import jit
from minicvt.kernels.normalization import loops

layer_norm = jit(loops.layer_norm, fastmath=ANY_ORDER)
layer_norm_backward = jit(loops.layer_norm_backward, fastmath=ANY_ORDER)
batch_norm = jit(loops.batch_norm)
batch_norm_backward = jit(loops.batch_norm_backward)
batch_norm_eval = jit(loops.batch_norm_eval)
batch_norm_eval_backward = jit(loops.batch_norm_eval_backward)
column_sum = jit(loops.column_sum)
