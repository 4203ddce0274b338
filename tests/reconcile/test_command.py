"""minicvt reconcile: every way it prints, and the page that shows it."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from minicvt.cli import main
from minicvt.reconcile import VERDICTS, points, reconcile, totals
from minicvt.reconcile.printed import cells, tables
from minicvt.reconcile.profilers import readings

DOCS = Path(__file__).parents[2] / "docs"
PICTURE = "accuracy-against-macs.svg"


def run(capsys: pytest.CaptureFixture[str], *options: str) -> str:
    assert main(["reconcile", *options]) == 0
    return capsys.readouterr().out


@pytest.fixture(scope="module")
def judged():
    return reconcile()


def test_a_terminal_has_every_table_in_100_columns(capsys):
    out = run(capsys)
    lines = out.splitlines()
    assert max(map(len, lines)) <= 100
    for number, caption in tables().items():
        assert f"Table {number}: {caption}" in lines
    for reading in readings():
        assert f"{reading.name} {reading.value:,}" in lines
    assert out.isascii()


def test_totals_are_printed(capsys, judged):
    lines = run(capsys).splitlines()
    (last,) = [line.split() for line in lines if line.startswith("total ")]
    by = totals(judged).values()
    sums = [sum(one[verdict] for one in by) for verdict in VERDICTS]
    assert [int(text) for text in last[1:]] == [*sums, len(cells())]


def test_one_table_has_its_cells_and_no_other(capsys):
    out = run(capsys, "--table", "7")
    assert "Table 7" in out
    assert "Table 6" not in out
    assert "Profilers" not in out
    shown = [line for line in out.splitlines() if line[:3] in ("a  ", "b  ")]
    assert len(shown) == len(reconcile("7"))


def test_json_has_every_cell_and_adds_up(capsys, judged):
    found = json.loads(run(capsys, "--json"))
    assert len(found["cells"]) == len(judged)
    assert found["totals"] == totals(judged)
    for cell, there in zip(judged, found["cells"], strict=True):
        assert there["printed"] == cell.printed
        assert there["counted"] == cell.counted
        assert not there["terms"] or sum(there["terms"].values()) == cell.counted
    for profiler in found["profilers"]:
        explained = sum(profiler["terms"].values())
        assert explained + profiler["residual"] == profiler["value"]


def test_profilers_alone_are_asked_where_they_are(capsys, tmp_path):
    bare = tmp_path / "python"
    bare.write_text(f'#!/bin/sh\nexec {sys.executable} -S "$@"\n', encoding="utf-8")
    bare.chmod(0o755)
    file = tmp_path / "said.json"
    out = run(capsys, "--profilers", "--python", str(bare), "--keep", str(file))
    assert "Table" not in out
    assert out.count("; kept)") == len(readings())
    assert json.loads(file.read_text("utf-8"))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--table", "9"], "unknown table '9'"),
        (["--json", "--markdown"], "not allowed with argument --json"),
        (["--profilers", "--picture", "x.svg"], "leave --profilers or --picture"),
        (["--profilers", "--python", "no-such-python"], "no-such-python"),
    ],
)
def test_bad_input_is_one_line(capsys, options, message):
    assert main(["reconcile", *options]) == 2
    err = capsys.readouterr().err
    assert message in err
    assert err.count("\n") == 1


def test_the_page_is_what_the_command_prints(capsys, tmp_path):
    (tmp_path / "images").mkdir()
    picture = tmp_path / "images" / PICTURE
    printed = run(capsys, "--markdown", "--picture", str(picture))
    assert printed == (DOCS / "tables.md").read_text("utf-8")
    drawn = (DOCS / "images" / PICTURE).read_text("utf-8")
    assert all(f">{point.name}<" in drawn for point in points())
