"""docs/growth.md is what the command prints, as far as integers and shapes go."""

from __future__ import annotations

from pathlib import Path

from minicvt.cli import main

PAGE = Path(__file__).parents[2] / "docs" / "growth.md"


def counted(page: str) -> list[list[str]]:
    """Rows of its tables without times, and without exponents of times."""
    rows = [line.split(" | ") for line in page.splitlines() if line.startswith("| ")]
    return [row[:4] for row in rows if row[1] != "seconds"]


def test_the_page_has_what_the_command_counts(capsys):
    assert main(["growth", "--markdown", "--rounds", "0"]) == 0
    printed = counted(capsys.readouterr().out)
    assert printed == counted(PAGE.read_text("utf-8"))
    assert len(printed) > 40
