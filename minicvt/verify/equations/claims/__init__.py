"""Every claim, in the order of the papers and of their sections."""

from __future__ import annotations

from minicvt.verify.equations.claim import Claim
from minicvt.verify.equations.claims import (
    ceit,
    ceit_printed,
    cmt,
    cmt_printed,
    cvt_costs,
    cvt_measured,
    cvt_models,
    cvt_printed,
    cvt_prose,
    cvt_shares,
    cvt_strides,
    cvt_text,
    cvt_tokens,
    pvt,
    pvt_printed,
    t2t,
    t2t_printed,
    vit,
)

MODULES = (
    cvt_tokens,
    cvt_costs,
    cvt_shares,
    cvt_strides,
    cvt_models,
    cvt_measured,
    cvt_printed,
    cvt_prose,
    cvt_text,
    vit,
    pvt,
    pvt_printed,
    t2t,
    t2t_printed,
    cmt,
    cmt_printed,
    ceit,
    ceit_printed,
)
CLAIMS: tuple[Claim, ...] = tuple(c for module in MODULES for c in module.CLAIMS)

__all__ = ["CLAIMS"]
