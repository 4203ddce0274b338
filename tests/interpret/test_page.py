"""The page about the trained models, and the command that writes it."""

from __future__ import annotations

from pathlib import Path

import pytest

from minicvt import weights
from minicvt.cli import main
from minicvt.interpret.page import chapter, page


def test_the_command_prints_what_the_page_holds(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "page.md"
    command = ["faithful", "cvt-rgb32-mid", "--images", "3", "--page", str(file)]
    assert main(command) == 0
    printed, written = capsys.readouterr().out, file.read_text(encoding="utf-8")
    assert printed.startswith("cvt-rgb32-mid, 3 held-out images\n")
    for line in printed.splitlines()[2:]:
        assert line in written
    assert "minicvt faithful cvt-rgb32-mid --images 3 --page FILE" in written


def test_the_page_has_every_card_and_the_credits() -> None:
    text = page({}, 400)
    for name in weights.names():
        card = weights.card(name)
        assert card.sha256[:12] in text
        assert all(line in text for line in card.commands)
    assert "Creative Commons Attribution 2.0" in text


def test_tables_keep_their_columns() -> None:
    text = chapter("mine", ["a  b\n-  -\n1  2", "A sentence."])
    assert text == "### mine\n\n```text\na  b\n-  -\n1  2\n```\n\nA sentence.\n"
