"""Models, one file a paper; all of them listed, and any two side by side."""

from minicvt.models.catalogue import catalogue
from minicvt.models.config import Config
from minicvt.models.cvt import CvT, CvTConfig
from minicvt.models.diff import diff
from minicvt.models.registry import VARIANTS, build, from_dict, variant

__all__ = [
    "VARIANTS",
    "Config",
    "CvT",
    "CvTConfig",
    "build",
    "catalogue",
    "diff",
    "from_dict",
    "variant",
]
