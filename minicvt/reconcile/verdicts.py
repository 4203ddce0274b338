"""Every cell of tables 1-8: counted, quoted, or contradicted.

- counted: what is printed comes out of an executed model, and it says how;
- quoted: it cannot be counted, being an accuracy or of a model that is not here;
- contradicted: the count gives something else by every convention, or the paper's own
  text does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from minicvt.errors import unknown
from minicvt.reconcile.claims import contradicting
from minicvt.reconcile.conventions import CONVENTIONS, Term, every, fitting, terms
from minicvt.reconcile.drafts import draft
from minicvt.reconcile.printed import DASH, Place, cells, tables
from minicvt.reconcile.properties import PROPERTIES
from minicvt.reconcile.subjects import Subject, meant, why_absent

COUNTED, QUOTED, CONTRADICTED = VERDICTS = ("counted", "quoted", "contradicted")
UNITS = {"Params (M)": 10**6, "FLOPs (G)": 10**9}
ACCURACY, NEW = "an accuracy", "not printed"


@dataclass(frozen=True)
class Cell:
    """One printed cell and what became of it.

    ``how`` says in a word or two what makes the verdict. Where ``counted`` is a sum,
    ``terms`` add up to it; ``draft`` adds up to the parameters of a model that was not
    released and would fit. ``against`` is what the text says instead.
    """

    place: Place
    printed: str
    verdict: str
    how: str
    counted: int | str | None = None
    terms: tuple[Term, ...] = ()
    draft: tuple[Term, ...] = ()
    against: tuple[str, ...] = ()

    @property
    def ratio(self) -> float | None:
        """What was counted over what is printed, where both are counts."""
        unit = UNITS.get(quantity(self.place))
        if unit is None or self.printed == DASH or not isinstance(self.counted, int):
            return None
        return float(Decimal(self.counted) / unit / Decimal(self.printed))


def reconcile(table: str | None = None) -> list[Cell]:
    """Judge every cell of one table, or of all; other numbers raise ``UnknownName``."""
    if table is not None and table not in tables():
        raise unknown("table", table, tables())
    return [judge(p, text) for p, text in cells().items() if table in (None, p.table)]


def quantity(place: Place) -> str:
    """Return what a cell is about; table 2 has that in its rows."""
    return place.row if place.table == "2" else place.column


def judge(place: Place, printed: str) -> Cell:
    """Judge one cell by what it is about, then by what the text says of it."""
    cell = _by_its_model(place, printed)
    against = tuple(
        f"{c.claim.where} says that {c.claim.says}; the table gives {c.found}"
        for c in contradicting(place)
    )
    if not against:
        return cell
    how = cell.how if cell.verdict == CONTRADICTED else "by the text"
    return replace(cell, verdict=CONTRADICTED, how=how, against=against)


def _by_its_model(place: Place, printed: str) -> Cell:
    about, models = quantity(place), meant(place)
    if about not in (*PROPERTIES, *UNITS, "image"):
        return Cell(place, printed, QUOTED, NEW if printed == DASH else ACCURACY)
    if not models:
        return Cell(place, printed, QUOTED, why_absent(place))
    if about in PROPERTIES:
        return _property(place, printed, models)
    (model,) = models
    if about == "image":
        return _side(place, printed, model)
    if about == "Params (M)":
        return _number(place, printed, {"parameters": model.parameters}, model)
    return _number(place, printed, every(model.amounts), model)


def _property(place: Place, printed: str, models: list[Subject]) -> Cell:
    derive = PROPERTIES[quantity(place)]
    found = " or ".join(dict.fromkeys(derive(model) for model in models))
    verdict = COUNTED if found == printed else CONTRADICTED
    return Cell(place, printed, verdict, "derived", found)


def _side(place: Place, printed: str, model: Subject) -> Cell:
    """Tell the side by its row's FLOPs: of those in the table, the nearest count's."""
    flops = cells()[place._replace(column="FLOPs (G)")]
    if flops == DASH:
        return Cell(place, printed, QUOTED, "no FLOPs to tell it by")
    sides = {int(text) for at, text in cells().items() if at.column == "image"}
    counts = {n: model.changed(image=(n, n)).ledger.macs for n in sides}
    apart = {n: abs(counts[n] - float(flops) * UNITS["FLOPs (G)"]) for n in sides}
    nearest = min(sides, key=apart.__getitem__)
    verdict = COUNTED if nearest == int(printed) else CONTRADICTED
    return Cell(place, printed, verdict, "by its FLOPs", nearest)


def _number(place: Place, printed: str, counts: dict[str, int], model: Subject) -> Cell:
    """Hold a number beside its count, by the first convention that gives it."""
    plain, unit = next(iter(counts)), UNITS[quantity(place)]
    if printed == DASH:
        return Cell(place, printed, COUNTED, NEW, counts[plain])
    fits = fitting(counts, printed, unit)
    would: list[Term] = []
    if plain == "parameters" and fits.get(plain) != "rounds":
        would = draft(model, printed, unit)
    if not fits:
        how = "a draft fits" if would else "unexplained"
        verdict, name = CONTRADICTED, plain
    else:
        name, how = next(iter(fits.items()))
        verdict, how = COUNTED, how if name == plain else name
    made = [] if name == plain else terms(CONVENTIONS[name], model.amounts)
    return Cell(place, printed, verdict, how, counts[name], tuple(made), tuple(would))


def totals(judged: Sequence[Cell]) -> dict[str, dict[str, int]]:
    """Count the verdicts of each table: ``totals(cells)["3"]["counted"]``."""
    found = {c.place.table: dict.fromkeys(VERDICTS, 0) for c in judged}
    for cell in judged:
        found[cell.place.table][cell.verdict] += 1
    return found
