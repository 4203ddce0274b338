"""What is quoted hangs together: places, digits, and what the text says of them."""

from __future__ import annotations

import pytest

from minicvt.reconcile.claims import RULES, checked, contradicting
from minicvt.reconcile.printed import ALL, Claim, Place, cells, claims, number, tables
from minicvt.reconcile.verdicts import UNITS, quantity


def test_all_eight_tables_are_there_and_no_cell_is_blank():
    assert list(tables()) == list("12345678")
    assert {place.table for place in cells()} == set("12345678")
    assert all(text.strip() for text in cells().values())


def test_every_row_of_a_table_has_a_cell_a_column():
    for table in tables():
        there = [place for place in cells() if place.table == table]
        rows = {p.row for p in there if p.column != ALL}
        columns = {p.column for p in there if p.column != ALL}
        once = {p.row for p in there if p.column == ALL}
        assert len(there) == len(rows) * len(columns) + len(once)


def test_what_counts_is_a_number_or_a_dash():
    for place, text in cells().items():
        if quantity(place) in UNITS and text != "-":
            assert number(place) > 0


def test_claims_are_about_cells():
    for claim in claims():
        assert claim.of in cells()
        assert claim.other is None or claim.other in cells()
        assert claim.rule in RULES


def test_the_tables_agree_with_themselves():
    """A model's accuracy is the same wherever it is printed."""
    (top1,) = {
        cells()[Place(table, row, "ImageNet")]
        for table, row in [("3", "CvT-13"), ("5", "f CvT-13"), ("6", "d"), ("8", "d")]
    }
    assert top1 == cells()[Place("7", "b", "ImageNet")]


PETS = Place("4", "CvT-W24", "Pets")
STRIDE_1, STRIDE_2 = (Place("7", row, "FLOPs (G)") for row in "ab")


@pytest.mark.parametrize(
    ("claim", "found", "agrees"),
    [
        (Claim("", "", "equals", "94.73", PETS, None), "94.73", True),
        (Claim("", "", "equals", "94.74", PETS, None), "94.73", False),
        (Claim("", "", "at most", "94.73", PETS, None), "94.73", True),
        (Claim("", "", "at most", "94.7", PETS, None), "94.73", False),
        (Claim("", "", "best", "", PETS, None), "94.82 of ViT-H/16", False),
        (Claim("", "", "difference", "2.02", STRIDE_1, STRIDE_2), "2.02", True),
        (Claim("", "", "difference", "2.0", STRIDE_1, STRIDE_2), "2.02", False),
        (Claim("", "", "fewer", "30", STRIDE_2, STRIDE_1), "30.8", True),
        (Claim("", "", "fewer", "31", STRIDE_2, STRIDE_1), "30.8", True),
        (Claim("", "", "fewer", "32", STRIDE_2, STRIDE_1), "30.8", False),
    ],
)
def test_each_rule_reads_the_printed_digits(claim, found, agrees):
    assert RULES[claim.rule](claim)[1:] == (found, agrees)


def test_what_the_text_contradicts_is_found_by_place():
    against = [c for c in checked() if not c.agrees]
    assert {c.claim.of for c in against} == {
        place for place in cells() if contradicting(place)
    }
    assert len(against) < len(checked())
