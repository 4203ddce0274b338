"""Every layer, listed once, as a function of its inputs and its parameters."""

from minicvt.verify.layers.entry import LAYERS, Function, Layer
from minicvt.verify.layers.families import (  # each enters its own
    blocks,
    functions,
    plain,
    projections,
    stems,
)

FAMILIES = (plain, projections, blocks, stems, functions)

__all__ = ["FAMILIES", "LAYERS", "Function", "Layer"]
