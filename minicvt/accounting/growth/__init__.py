"""How costs grow: with an image's side, and with the kernel of a projection.

Multiply-adds and what training keeps are counted by shapes; time is measured where it
takes no more than seconds. Exponents are slopes on log-log axes, over a stated range:
none of these is a power law throughout.
"""

from minicvt.accounting.growth.curves import Curve, Sample, Sweep
from minicvt.accounting.growth.fit import Exponent, exponent, exponents
from minicvt.accounting.growth.kernels import by_kernel
from minicvt.accounting.growth.sides import by_side

__all__ = [
    "Curve",
    "Exponent",
    "Sample",
    "Sweep",
    "by_kernel",
    "by_side",
    "exponent",
    "exponents",
]
