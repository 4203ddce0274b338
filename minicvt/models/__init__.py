"""Models, one file a paper; all of them listed, and any two side by side."""

from minicvt.models.compare import catalogue, diff
from minicvt.models.config import Config
from minicvt.models.cvt import CvT, CvTConfig
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
