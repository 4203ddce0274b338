"""The ledger as a table, as CSV, as JSON, and by the command."""

from __future__ import annotations

import csv
import io
import json

import pytest

import minicvt as mc
from minicvt.accounting import GROUPINGS, QUANTITIES, Ledger, count
from minicvt.cli import main


@pytest.fixture(scope="module")
def ledger() -> Ledger:
    return count(mc.models.build("cvt-c8w"), backward=True)


@pytest.mark.parametrize("grouping", GROUPINGS)
def test_rows_of_every_grouping_add_up_to_those_of_entries(ledger, grouping):
    entries, groups = ledger.rows(), ledger.rows(grouping)
    assert len(entries) == len(ledger.entries) > len(groups) > 1
    for quantity in QUANTITIES:
        total = ledger.total(quantity)
        assert sum(row[quantity] for row in entries) == total
        assert sum(row[quantity] for row in groups) == total
        there = {row[grouping]: row[quantity] for row in groups if row[quantity]}
        assert ledger.by(grouping, quantity) == there


def test_csv_has_a_row_an_operation(ledger):
    rows = list(csv.DictReader(io.StringIO(ledger.csv())))
    assert sum(int(row["macs"]) for row in rows) == ledger.macs
    assert rows[0] | {"kind": "conv2d", "inputs": "1x8x8x1 24x1x3x3 24"} == rows[0]
    attend = next(row for row in rows if row["kind"] == "attend")
    assert attend["inputs"] == "1x1x64x24 1x1x16x24 1x1x16x24 -"
    assert attend["module"] == "stage0.blocks.0.attn"
    assert attend["part"] == "attention products"


def test_json_says_what_its_numbers_are(ledger):
    content = json.loads(ledger.json())
    assert content["total"] == {q: ledger.total(q) for q in QUANTITIES}
    assert content["quantities"] == QUANTITIES
    first = ledger.entries[0]
    assert content["rows"][0]["inputs"] == [list(shape) for shape in first.inputs]
    assert json.loads(ledger.json("stage"))["rows"][0]["stage"] == "stage0"


def test_an_empty_ledger_can_be_written():
    empty = count()
    assert empty.csv() == "\n"
    assert json.loads(empty.json())["rows"] == []
    assert "total" in repr(empty)


def test_a_single_column_has_shares(ledger):
    forward = count(mc.models.build("cvt-c8w"))
    lines = forward.table("stage").splitlines()
    assert lines[0].split() == ["stage", "MACs", "share"]
    assert lines[-1].split() == ["total", "766,272", "100.0%"]
    assert repr(forward) == forward.table("part")


def test_macs_there_and_back_have_columns_of_their_own(ledger):
    lines = ledger.table("stage", ("macs", "kept")).splitlines()
    back = ledger.total("macs", "backward")
    kept = ledger.total("kept")
    assert lines[-1].split() == ["total", "766,272", f"{back:,}", f"{kept:,}"]
    for words in ("MACs forward", "MACs backward", "bytes kept"):
        assert words in lines[0]


def test_a_notebook_shows_a_table(ledger):
    shown = ledger._repr_html_()
    assert shown.startswith("<table><thead>")
    assert '<th scope="row">token embedding</th>' in shown
    assert '<tr class="total">' in shown
    assert "766,272" in shown


@pytest.mark.parametrize("options", [[], ["--by", "stage"], ["--bytes"]])
def test_the_command_says_what_is_in_no_mac(capsys, options):
    assert main(["count", "cvt-c8w", *options]) == 0
    printed = capsys.readouterr().out
    assert "1,532,544 FLOPs, two for each MAC. Not in them:" in printed
    assert "softmax elements" in printed
    assert ("bytes read" in printed) == ("--bytes" in options)
    assert "bytes kept" not in printed


@pytest.mark.parametrize("model", ["cvt-13", "vit-G14"])
@pytest.mark.parametrize("by", GROUPINGS)
def test_the_command_fits_a_terminal(capsys, model, by):
    assert main(["count", model, "--image", "1400", "--by", by, "--bytes"]) == 0
    assert main(["count", model, "--by", by, "--backward", "--bytes"]) == 0
    assert max(map(len, capsys.readouterr().out.splitlines())) <= 100


def test_the_command_writes_files(capsys, tmp_path):
    files = [tmp_path / "deep" / "ledger.csv", tmp_path / "ledger.json"]
    options = ["--backward", "--bytes", "--csv", str(files[0]), "--json", str(files[1])]
    assert main(["count", "vit-digits16", *options]) == 0
    printed = capsys.readouterr().out
    assert "MACs backward" in printed
    assert "bytes kept" in printed
    assert "keys of" not in printed  # nothing is strided
    rows = list(csv.DictReader(io.StringIO(files[0].read_text(encoding="utf-8"))))
    content = json.loads(files[1].read_text(encoding="utf-8"))
    assert len(rows) == len(content["rows"]) > 100
    assert {row["direction"] for row in rows} == {"forward", "backward"}
