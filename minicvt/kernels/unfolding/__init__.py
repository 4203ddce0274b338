"""Unfolding: every window of a map as a row (im2col), and its adjoint (col2im)."""

from __future__ import annotations

from minicvt.kernels.select import Kernel
from minicvt.kernels.unfolding import loops

im2col = Kernel(loops.im2col)
col2im = Kernel(loops.col2im)
