"""Models in files, for ourselves and for others."""

from minicvt.interop.hub import locate
from minicvt.interop.layouts import LAYOUTS
from minicvt.interop.store import export, load, save

__all__ = ["LAYOUTS", "export", "load", "locate", "save"]
