"""Models, one file a paper."""

from minicvt.models.config import Config
from minicvt.models.cvt import CvT, CvTConfig
from minicvt.models.registry import VARIANTS, build, from_dict, variant

__all__ = ["VARIANTS", "Config", "CvT", "CvTConfig", "build", "from_dict", "variant"]
