"""The first-divergence microscope: where two models part, and why."""

from minicvt.verify.microscope.comparing import compare
from minicvt.verify.microscope.comparison import Comparison
from minicvt.verify.microscope.difference import Difference, Reason
from minicvt.verify.microscope.recording import Recording

__all__ = ["Comparison", "Difference", "Reason", "Recording", "compare"]
