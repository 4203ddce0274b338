"""docs/dialects.md is what the command prints, as far as integers and words go."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from minicvt.cli import main

PAGE = Path(__file__).parents[2] / "docs" / "dialects.md"


def without_measured(text: str) -> list[str]:
    """Lines without what the last bits of a machine may move: logits, relative."""
    return re.sub(r"\| [\d.]+ \| [\d.]+%? \|", "|", text).splitlines()


@pytest.mark.slow
def test_the_page_is_what_the_command_prints(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["dialects", "cvt-13", "--markdown"]) == 0
    printed = capsys.readouterr().out
    assert without_measured(printed) == without_measured(PAGE.read_text("utf-8"))
