"""The papers as an executable checklist: each claim evaluated twice, and judged.

One side is the paper's formula, the other something that ran; see
:mod:`minicvt.verify.equations.claim`.
"""

from minicvt.verify.equations.claim import Claim
from minicvt.verify.equations.claims import CLAIMS
from minicvt.verify.equations.row import Row
from minicvt.verify.equations.sweep import DEFAULT, Sweep, own
from minicvt.verify.equations.verdict import Verdict

__all__ = ["CLAIMS", "DEFAULT", "Claim", "Row", "Sweep", "Verdict", "own"]
