"""Models, one file a paper."""

from minicvt.models.config import Config
from minicvt.models.cvt import CvT, CvTConfig
from minicvt.models.registry import VARIANTS, build, config, from_dict

__all__ = ["VARIANTS", "Config", "CvT", "CvTConfig", "build", "config", "from_dict"]
