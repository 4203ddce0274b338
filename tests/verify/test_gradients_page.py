"""What docs/gradients.md shows is what happens."""

from __future__ import annotations

import doctest

from tests.house.tree import ROOT


def test_the_page_says_what_python_says() -> None:
    page = str(ROOT / "docs" / "gradients.md")
    found = doctest.testfile(page, module_relative=False, encoding="utf-8")
    assert found.attempted > 10
    assert found.failed == 0
