"""Checks to run on this library and on your own code."""

from minicvt.verify.gradients import adjoint_check, gradcheck
from minicvt.verify.microscope import Comparison, Recording, compare

__all__ = ["Comparison", "Recording", "adjoint_check", "compare", "gradcheck"]
