"""The checklist in four forms, the page in step, and the exit code when it changes."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from minicvt.cli import main
from minicvt.verify.equations import CLAIMS, Row, commands
from minicvt.verify.equations.commands import equations
from minicvt.verify.equations.terminal import WIDTH, full
from minicvt.verify.equations.words import MEANINGS

PAGE = Path(__file__).parents[3] / "docs" / "equations.md"
IDS = [claim.id for claim in CLAIMS]
SPECIAL = re.compile(r"\\[\\&%$#_{}]")


@pytest.fixture
def output(capsys: pytest.CaptureFixture[str]) -> Iterator[object]:
    def run(*arguments: str) -> str:
        assert main(["verify", "equations", *arguments]) == 0
        return capsys.readouterr().out

    return run


def test_a_terminal_has_room_for_all_of_it(output):
    lines = output().splitlines()
    assert max(map(len, lines)) <= WIDTH
    assert all(any(kind in line for line in lines[:8]) for kind in MEANINGS)
    assert sum("points" in line for line in lines[8:]) >= 15
    found = [line.split()[0] for line in lines if re.match(r"[a-z0-9]+-\w", line)]
    assert found == IDS
    assert lines[-1] == f"none of {len(CLAIMS)} verdicts changed"
    total = next(line for line in lines if line.startswith("all "))
    assert total.split()[-1] == str(len(CLAIMS))


@pytest.mark.parametrize("id", IDS)
def test_a_terminal_has_room_for_each_of_them(id, output):
    assert max(map(len, output("--claim", id).splitlines())) <= WIDTH


def test_a_terminal_has_room_for_own_sizes(output):
    own = output("--kernel", "5", "--stride", "3", "--map", "13x9")
    assert max(map(len, own.splitlines())) <= WIDTH
    assert "no; needs: stride divides H and W, no class\n" in own


def test_an_empirical_claim_shows_its_run_effect_interval_and_margin(output):
    words = " ".join(output().split())
    assert "digits16: (cvt) - (cvt, positions): -0.03 points [-0.53, +0.47]" in words
    assert "n = 10; claim: > -1" in words
    assert "None of it is ImageNet" in words


def test_the_page_is_what_the_command_prints(output):
    assert output("--markdown") == PAGE.read_text("utf-8")


def test_the_page_has_every_claim_its_mathematics_and_its_verdict(output):
    page = PAGE.read_text("utf-8")
    for claim in CLAIMS:
        assert f"\n### {claim.id}\n" in page
        assert f"[{claim.id}](#{claim.id.lower()})" in page
        assert f"$$\n{claim.latex}\n$$" in page
    for number in ("3.0625 x", "3.94 x", "3.991 x", "1.455 x", "2.856 x", "1.942 x"):
        assert f"| {number} |" in page
    for number in ("7.89 x", "11 C", "33 C", "22.36 x"):
        assert f"| {number} |" in page
    assert "off by 0.371%" in page


def test_json_is_read_back(output):
    read = json.loads(output("--json"))
    assert [claim["id"] for claim in read["claims"]] == IDS
    assert read["changed"] == []
    (keys,) = (claim for claim in read["claims"] if claim["id"] == "cvt-E8")
    assert keys["verdict"] == "exact iff"
    assert keys["conditions"] == ["stride divides H and W", "no class token"]
    (row,) = (row for row in keys["rows"] if row["at"].startswith("7 x 7, k3"))
    assert (row["left"], row["right"], row["holds"]) == (4, 3.0625, False)
    assert row["unmet"] == ["stride divides H and W"]
    (runs,) = (claim for claim in read["claims"] if claim["id"] == "cvt-E10")
    effect = runs["rows"][0]["right"]
    assert effect["low"] < effect["mean"] < effect["high"]


def test_latex_is_balanced_and_every_row_has_its_columns(output):
    document = output("--latex")
    assert document.startswith("\\documentclass{article}\n")
    plain = SPECIAL.sub("", document)
    assert plain.count("{") == plain.count("}") > 100
    assert plain.count(r"\(") == plain.count(r"\)") == len(CLAIMS)
    opened = re.findall(r"\\begin\{(\w+)\}", document)
    assert sorted(opened) == sorted(re.findall(r"\\end\{(\w+)\}", document))
    assert sorted(opened) == ["document", "longtable"]
    lines = document.splitlines()
    rows = [line for line in lines if line.split(" &")[0].replace("\\", "") in IDS]
    assert len(rows) == len(CLAIMS)
    for row in rows:
        assert row.endswith(r" \\")
        assert SPECIAL.sub("", row[:-2]).count("&") == 4
    text = re.sub(r"\\\(.*?\\\)", "", SPECIAL.sub("", "\n".join(rows)))
    assert not set(text) & set("%$#^~_<>")


def test_one_claim_with_its_evidence(output):
    text = output("--claim", "cvt-E9-model")
    assert text.startswith("cvt-E9-model: contradicted\n")
    assert text.count("cvt-13 at 224") == 6
    assert "section 3.2.2" in text


def test_a_verdict_that_changed_is_exit_code_1(capsys):
    first = CLAIMS[0]
    broken = replace(first, evidence=lambda sweep: [Row("here", 1, 2)])
    assert equations(claims=[broken, CLAIMS[5]]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[-2:] == [
        "1 of 2 verdicts changed",
        f"{first.id}: contradicted; on record: exact",
    ]
    assert any("CHANGED" in line for line in lines)
    assert equations(claims=[broken], form="json") == 1
    assert json.loads(capsys.readouterr().out)["changed"] == [first.id]


def test_the_command_has_this_exit_code(monkeypatch, capsys):
    broken = replace(CLAIMS[0], evidence=lambda sweep: [Row("here", 1, 2)])
    monkeypatch.setattr(commands, "CLAIMS", [broken])
    assert main(["verify", "equations", "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["changed"] == [broken.id]


def test_a_condition_that_is_no_longer_needed_is_a_change(capsys):
    keys = next(claim for claim in CLAIMS if claim.id == "cvt-E8")
    assert equations(claims=[replace(keys, conditions=keys.conditions[:1])]) == 1
    assert "on record: exact iff: stride divides H and W" in capsys.readouterr().out


def test_a_claim_that_fails_at_own_sizes_is_exit_code_1(capsys):
    keys = next(claim for claim in CLAIMS if claim.id == "cvt-E8")
    broken = replace(keys, evidence=lambda sweep: [Row("here", 4, 3)])
    assert equations(claims=[broken], kernel=3) == 1
    assert "here" in capsys.readouterr().out


def test_everything_is_shown_of_a_few_rows_and_the_deciding_ones_of_many():
    keys = next(claim for claim in CLAIMS if claim.id == "cvt-E8")
    verdict = keys.judged()
    text = full(keys, verdict)
    assert f"of {len(verdict.rows)} rows; --json has them all" in text
    assert all(row.at in text for row in verdict.against)
