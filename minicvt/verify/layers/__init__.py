"""Every layer, listed once, as a function of its inputs and its parameters."""

from minicvt.verify.layers import functions, plain, stems, tokens  # each enters its own
from minicvt.verify.layers.entry import LAYERS, Function, Layer

FAMILIES = (plain, tokens, stems, functions)

__all__ = ["FAMILIES", "LAYERS", "Function", "Layer"]
