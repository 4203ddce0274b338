"""Models in files, for ourselves and for others."""

from minicvt.interop.store import load, save

__all__ = ["load", "save"]
