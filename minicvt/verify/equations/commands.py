"""What ``minicvt verify equations`` runs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from minicvt.errors import OptionError
from minicvt.verify.equations import latex, markdown, plain, terminal
from minicvt.verify.equations.claim import Claim, chosen
from minicvt.verify.equations.claims import CLAIMS
from minicvt.verify.equations.sweep import own
from minicvt.verify.equations.verdict import CONTRADICTED
from minicvt.verify.equations.words import Judged, judge

FORMS: dict[str | None, Callable[[Sequence[Judged]], str]] = {
    None: terminal.checklist,
    "markdown": markdown.page,
    "latex": latex.document,
    "json": plain.as_json,
}
CHANGED = 1
"""The exit code when a verdict is not the one on record."""


def equations(
    claim: str | None = None,
    form: str | None = None,
    claims: Sequence[Claim] | None = None,
    **sizes: Any,
) -> int:
    """Print the papers' claims with their verdicts; return the exit code.

    With ``claim`` all evidence of one; with ``sizes``, as :func:`own` takes them, both
    sides of those that take sizes, at exactly these. The code is 1 if a verdict is not
    the one on record, or a claim fails at sizes that meet its conditions. Raises
    ``UnknownName``, and ``ShapeError`` for impossible sizes.
    """
    everything = CLAIMS if claims is None else claims
    some = everything if claim is None else [chosen(everything, claim)]
    given = {name: size for name, size in sizes.items() if size is not None}
    if given:
        return at_sizes(some, form, given)
    found = judge(some)
    if claim is not None and form is None:
        print(terminal.full(some[0], found[0].verdict))
    else:
        print(FORMS[form](found))
    return CHANGED if any(one.changed for one in found) else 0


def at_sizes(claims: Sequence[Claim], form: str | None, sizes: dict[str, Any]) -> int:
    """Print claims at a reader's own sizes, where no verdict is on record."""
    sized = [claim for claim in claims if claim.sized]
    if not sized:
        raise OptionError(f"{claims[0].id} takes no sizes: it is about whole models")
    sweep = own(**sizes)
    verdicts = [claim.judged(sweep) for claim in sized]
    failed = [verdict.kind == CONTRADICTED for verdict in verdicts]
    if form is None:
        print(terminal.at_sizes(sized, verdicts))
    else:
        print(FORMS[form](list(map(Judged, sized, verdicts, failed))))
    return CHANGED if any(failed) else 0
