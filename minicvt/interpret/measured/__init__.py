"""How far attention can be believed, as it was measured, for who quotes it.

The numbers are those of ``minicvt faithful``, with the hash of the weights they are of.
"""

from minicvt.interpret.measured.kept import Measured, keep, measured

__all__ = ["Measured", "keep", "measured"]
