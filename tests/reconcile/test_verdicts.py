"""Every cell has a verdict, totals add up, and what is counted is the ledger's."""

from __future__ import annotations

import pytest

from minicvt.accounting import count
from minicvt.blank import shapes_only
from minicvt.errors import UnknownName
from minicvt.reconcile import VERDICTS, reconcile, totals
from minicvt.reconcile.drafts import draft
from minicvt.reconcile.printed import Place, cells
from minicvt.reconcile.properties import PROPERTIES
from minicvt.reconcile.subjects import ABLATIONS, meant, named
from minicvt.reconcile.verdicts import COUNTED, QUOTED, UNITS, judge, quantity


@pytest.fixture(scope="module")
def judged():
    return {cell.place: cell for cell in reconcile()}


def test_every_printed_cell_has_one_of_three_verdicts(judged):
    assert judged.keys() == cells().keys()
    assert {cell.verdict for cell in judged.values()} == set(VERDICTS)
    assert all(cell.how for cell in judged.values())


def test_totals_add_up(judged):
    found = totals(list(judged.values()))
    assert sum(sum(by.values()) for by in found.values()) == len(cells())
    for table, by in found.items():
        alone = reconcile(table)
        assert sum(by.values()) == len(alone)
        assert by[QUOTED] == sum(cell.verdict == QUOTED for cell in alone)


def test_what_can_be_counted_is(judged):
    """Quoted cells are accuracies, or have no model, or nothing to tell them by."""
    for place, cell in judged.items():
        countable = bool(meant(place)) and quantity(place) in {*UNITS, *PROPERTIES}
        assert not (countable and cell.verdict == QUOTED)
        assert countable <= (cell.counted is not None)


def test_counts_are_those_of_a_model_built_anew(judged):
    """Not of the room's own cache: built and counted here, by the ledger alone."""
    seen = 0
    for place, cell in judged.items():
        if quantity(place) not in UNITS or not meant(place) or cell.terms:
            continue
        (subject,) = meant(place)
        with shapes_only():
            model = subject.config.build()
            macs = count(model).macs
        plain = macs if quantity(place) == "FLOPs (G)" else model.count_parameters()
        assert cell.counted == plain
        seen += 1
    assert seen > 50


def test_terms_add_up_to_what_is_counted(judged):
    explained = [cell for cell in judged.values() if cell.terms]
    assert explained
    for cell in explained:
        assert sum(term.amount for term in cell.terms) == cell.counted
        (subject,) = meant(cell.place)
        assert cell.terms[0].amount == subject.ledger.macs


def test_drafts_add_up_to_the_parameters_of_a_model(judged):
    for cell in judged.values():
        if cell.draft:
            (subject,) = meant(cell.place)
            assert cell.draft[0].amount == subject.parameters
    shared = named("cvt-21", shared="qkv", positions="last")
    steps = judged[Place("2", "Params (M)", "CvT-21")].draft
    assert sum(term.amount for term in steps) == shared.parameters


def test_a_draft_that_does_not_fit_is_none():
    assert draft(named("cvt-13"), "12.34", 10**6) == []
    assert draft(named("deit-base"), "80", 10**6) == []


def test_the_ratio_is_of_the_counts(judged):
    cell = judged[Place("7", "a", "FLOPs (G)")]
    assert cell.ratio == pytest.approx(cell.counted / 1e9 / float(cell.printed))
    assert judged[Place("1", "PVT", "Needs PE")].ratio is None


def test_a_wrong_word_or_number_is_contradicted():
    """The verdict is not in the paper's favour by construction."""
    assert judge(Place("1", "PVT", "Hierarchical"), "no").verdict != COUNTED
    assert judge(Place("3", "DeiT-S", "Params (M)"), "24").verdict != COUNTED
    assert judge(Place("3", "DeiT-S", "FLOPs (G)"), "5.0").verdict != COUNTED
    assert judge(Place("3", "DeiT-S", "image"), "384").verdict != COUNTED
    assert judge(Place("2", "2: MHSA", "CvT-21"), "H = 1, D = 192").verdict != COUNTED
    assert judge(Place("8", "b", "Stage 2"), "yes").verdict != COUNTED


def said(table: str, row: str, columns: set[str]) -> str:
    """Return all words that are derived for a row."""
    places = [Place(table, row, column) for column in sorted(columns)]
    return ", ".join(PROPERTIES[p.column](meant(p)[0]) for p in places)


def test_rows_of_the_ablations_differ_from_each_other():
    """What is derived depends on the model: no two rows of a table come out alike."""
    for table in "5678":
        columns = {p.column for p in cells() if p.table == table} & PROPERTIES.keys()
        rows = [row for t, row in ABLATIONS if t == table]
        words = {row.split()[-1] + ": " + said(table, row, columns) for row in rows}
        assert len(words) == len(rows)


def test_another_table_is_an_error():
    with pytest.raises(UnknownName, match="unknown table '9'"):
        reconcile("9")
