"""Gradient checks for anyone's functions, ours among them."""

from minicvt.verify.gradients.adjoint import adjoint_check
from minicvt.verify.gradients.check import gradcheck
from minicvt.verify.gradients.report import Probe, Report

__all__ = ["Probe", "Report", "adjoint_check", "gradcheck"]
