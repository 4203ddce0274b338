"""Models that were not released, and whose parameters are what is printed.

What the paper counted in tables 2 and 6 may have been an earlier CvT: one depthwise
convolution and BatchNorm a block for q, k and v together, as EsViT's CvT of the same
group has, and positions in the last stage. It is suggestive and no more: the same
draft does not fit table 6 d. The 307 M of ViT-L/16 are those of ViT-L/32.
"""

from __future__ import annotations

from typing import Any

from minicvt.reconcile.conventions import Term, fit
from minicvt.reconcile.subjects import Subject

DRAFTS: dict[str, tuple[tuple[str, dict[str, Any]], ...]] = {
    "cvt": (
        ("one convolution for q, k and v", {"shared": "qkv"}),
        ("positions in the last stage", {"positions": "last"}),
    ),
    "vit": (("patches of 32", {"embed": ((32, 32, 0),)}),),
}
"""By paper: changes to the released model, each on top of those before."""


def draft(released: Subject, printed: str, unit: int) -> list[Term]:
    """Return the parameters of the first draft that rounds to what is printed.

    The terms are the released model's and what each change adds; there are none where
    no draft fits.
    """
    terms = [Term("as released", released.parameters)]
    options: dict[str, Any] = {}
    for name, change in DRAFTS.get(released.config.paper, ()):
        options |= change
        before = sum(term.amount for term in terms)
        made = released.changed(**options).parameters
        terms.append(Term(name, made - before))
        if fit(made, printed, unit) == "rounds":
            return terms
    return []
