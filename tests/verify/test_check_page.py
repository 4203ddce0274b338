"""docs/check-transformers.md is what the command prints, as far as rounding goes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from minicvt.cli import main
from minicvt.verify.check import contract

DOCS = Path(__file__).parents[2] / "docs"


def without_rounding(text: str) -> list[str]:
    """Lines without numbers that the last bits of a machine may move: 2e-15."""
    return re.sub(r"\b\d(\.\d+)?e-\d\d\b", "tiny", text).splitlines()


def test_the_page_is_what_the_command_prints(capsys: pytest.CaptureFixture[str]):
    assert main(["check", str(DOCS / "transformers_cvt.py"), "--markdown"]) == 1
    printed = capsys.readouterr().out
    page = (DOCS / "check-transformers.md").read_text(encoding="utf-8")
    assert without_rounding(printed) == without_rounding(page)


def test_the_manual_names_every_function_and_its_python_runs(
    capsys: pytest.CaptureFixture[str],
):
    manual = (DOCS / "check.md").read_text(encoding="utf-8")
    functions = re.findall(r"def (\w+)\(", contract.__doc__ or "")
    assert set(re.findall(r"^\| `(\w+)\(", manual, re.MULTILINE)) == set(functions)
    assert all(f"`{name}`" in manual for name in contract.TOLD)
    (python,) = re.findall(r"^```python\n(.*?)^```$", manual, re.MULTILINE | re.DOTALL)
    exec(compile(python, "check.md", "exec"), {})
    assert "cause: the activation is QuickGELU" in capsys.readouterr().out
