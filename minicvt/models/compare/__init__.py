"""Models beside each other: two part by part, or all of them in one list."""

from minicvt.models.compare.catalogue import catalogue
from minicvt.models.compare.diff import diff

__all__ = ["catalogue", "diff"]
