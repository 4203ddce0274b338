"""Laws that hold for any input, and things that look like laws and are none."""

from minicvt.verify.laws.families import (
    convolution,
    folding,
    permutation,
    reshaped,
    translation,
    vanishing,
    written_out,
)
from minicvt.verify.laws.law import APART, ROUNDING, Family, Law

FAMILIES = tuple(
    module.FAMILY
    for module in (
        translation,
        permutation,
        convolution,
        reshaped,
        written_out,
        vanishing,
        folding,
    )
)
LAWS = {law.says: law for family in FAMILIES for law in family.laws}

__all__ = ["APART", "FAMILIES", "LAWS", "ROUNDING", "Family", "Law"]
