"""Bugs planted by hand, one family a file: each is an edit that someone has made."""

from minicvt.verify.audit.planted import (
    activation,
    convolution,
    elementwise,
    engine,
    normalization,
    pooling,
    products,
    shape,
    windows,
)

FAMILIES = (
    elementwise,
    activation,
    shape,
    products,
    convolution,
    windows,
    pooling,
    normalization,
)
PULLBACKS = [bug for family in FAMILIES for bug in family.BUGS]
ENGINE = engine.BUGS
