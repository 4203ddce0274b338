"""Updates: what an optimiser does to parameters, element by element."""

from __future__ import annotations

from minicvt.kernels.select import Kernel
from minicvt.kernels.updates import loops

adamw = Kernel(loops.adamw)
