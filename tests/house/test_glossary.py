"""The glossary: every term in three languages, and every place it names is there."""

from __future__ import annotations

import re

import pytest

from tests.house.tree import ROOT

PAGE = "docs/glossary.md"
HANGUL, HAN = re.compile(r"[\uac00-\ud7a3]"), re.compile(r"[\u4e00-\u9fff]")


def rows() -> list[list[str]]:
    """Return the cells of every term; headings in between have one cell only."""
    lines = (ROOT / PAGE).read_text(encoding="utf-8").splitlines()
    table = [line.strip("| ").split(" | ") for line in lines if line.startswith("| ")]
    return [row for row in table[2:] if not row[0].startswith("**")]


def test_every_term_has_its_five_cells_and_none_is_there_twice():
    assert len(rows()) >= 60
    assert {len(row) for row in rows()} == {5}
    assert all(cell.strip() for row in rows() for cell in row)
    names = [row[0] for row in rows()]
    assert len(set(names)) == len(names)


def test_most_terms_have_a_word_of_their_own_in_both_languages():
    counted = [
        sum(bool(script.search(row[column])) for row in rows())
        for column, script in ((1, HANGUL), (2, HAN))
    ]
    assert min(counted) > 0.9 * len(rows())


@pytest.mark.parametrize("row", rows(), ids=lambda row: row[0])
def test_what_a_term_points_to_is_there(row):
    numbers, (path,) = re.findall(r"\b\d\d\b", row[4]), re.findall(r"`(.+)`", row[4])
    assert (ROOT / path).exists()
    for number in numbers:
        assert list((ROOT / "notebooks").glob(f"{number}_*.ipynb"))


def test_readme_and_the_first_notebook_link_to_it():
    (first,) = (ROOT / "notebooks").glob("00_*.py")
    assert f"({PAGE})" in (ROOT / "README.md").read_text(encoding="utf-8")
    assert f"(../{PAGE})" in first.read_text(encoding="utf-8")
