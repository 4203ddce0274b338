"""One registry: every differentiable operation, the layers made of them, small models.

Each entry says how to draw calls that break symmetry, what PyTorch has in its place,
how far apart the two may be, and why. Gradient checks, golden files, the fuzz run and
the audit of planted bugs all run from here.
"""

from minicvt.verify.layers import LAYERS
from minicvt.verify.operations import OPERATIONS, Entry
from minicvt.verify.papers import MODELS

REGISTRY: dict[str, Entry] = {**OPERATIONS, **LAYERS, **MODELS}
