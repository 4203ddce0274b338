"""Unfolding in Numba."""

from __future__ import annotations

from minicvt.kernels.jit import jit
from minicvt.kernels.unfolding import loops

im2col = jit(loops.im2col)
col2im = jit(loops.col2im)
