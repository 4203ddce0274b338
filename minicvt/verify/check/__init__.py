"""``minicvt check my_cvt.py``: anyone's CvT beside the official code's own numbers."""

from minicvt.verify.check.official import OFFICIAL, TRAINING, Official

__all__ = ["OFFICIAL", "TRAINING", "Official"]
