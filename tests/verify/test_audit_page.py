"""The kill table's pages: rows are what trials find, totals are what rows say."""

from __future__ import annotations

import re
from pathlib import Path
from random import Random

import pytest

from minicvt.cli import main
from minicvt.tables import markdown
from minicvt.verify.audit import commands, equivalents, rows, run, totals, trial
from minicvt.verify.audit.checks import CHECKS, ENGINE_CHECKS
from minicvt.verify.audit.mutant import Mutant
from minicvt.verify.audit.planted import ENGINE, PULLBACKS
from minicvt.verify.audit.trial import Trial, is_engine

PAGE = Path(__file__).parents[2] / "docs" / "kill-table.md"
BESIDE = PAGE.with_stem("kill-table-mechanical")
WRITE_IT = "write it again: minicvt audit --page docs/kill-table.md"
SAMPLED = 30


def lines(page: Path = PAGE) -> list[str]:
    return page.read_text(encoding="utf-8").splitlines()


def row_on_the_page(trial: Trial) -> str:
    """The row that the page should have of this trial."""
    checks = ENGINE_CHECKS if is_engine(trial.mutant) else CHECKS
    by_hand = trial.mutant.by_hand
    row = rows.hand_row(trial, checks) if by_hand else rows.mechanical_row(trial)
    return markdown([""] * len(row), [row]).splitlines()[-1]


def test_a_sample_of_bugs_is_seen_by_whom_the_page_says() -> None:
    mechanical = run.mechanical_mutants()
    random = Random(20)
    sample = random.sample(PULLBACKS, SAMPLED) + random.sample(mechanical, SAMPLED)
    sample += random.sample(ENGINE, 1)
    trial.prepare()
    found = totals.outcome(map(trial.attempt, sample))
    assert found.survivors == []
    assert len(found.bugs) > SAMPLED
    pages = {*lines(), *lines(BESIDE)}
    missing = [row for row in map(row_on_the_page, found.bugs) if row not in pages]
    assert missing == [], WRITE_IT


@pytest.mark.parametrize("mutant", [*PULLBACKS, *ENGINE], ids=lambda m: m.says)
def test_every_bug_made_by_hand_is_on_it(mutant: Mutant) -> None:
    start = row_on_the_page(Trial(mutant, {})).split("| ·")[0]
    if equivalents.reason(mutant) is None:
        assert any(line.startswith(start) for line in lines()), WRITE_IT


def counted() -> dict[str, dict[str, str]]:
    """The first table: check, kind and share."""
    text = lines()
    first = next(i for i, line in enumerate(text) if line.startswith("| check |"))
    last = text.index("", first)
    table = [[c.strip() for c in line.split("|")[1:-1]] for line in text[first:last]]
    kinds = [re.sub(r" \([\d,]+\)", "", kind) for kind in table[0][1:]]
    return {row[0]: dict(zip(kinds, row[1:], strict=True)) for row in table[2:]}


def test_our_suite_sees_every_bug() -> None:
    assert len(counted()["our suite"]) == len(totals.KINDS)
    assert set(counted()["our suite"].values()) == {"100.0%"}
    assert "## Survivors" not in lines()


def test_the_totals_are_those_of_the_rows() -> None:
    hand = [ticks(line) for line in lines() if " becomes " in line]
    ours = [found for found in hand if len(found) == len(CHECKS)]
    for i, name in enumerate(CHECKS):
        share = sum(found[i] == "✓" for found in ours) / len(ours)
        assert counted()[name]["by hand"] == f"{share:.1%}", WRITE_IT


def test_every_mechanical_bug_has_its_row() -> None:
    listed = [line for line in lines(BESIDE) if len(ticks(line, 2)) == len(CHECKS)]
    rows = [
        line for line in listed if not line.startswith(("| **", "| edited", "| ---"))
    ]
    kinds = re.findall(r"(?:mechanical|shared) \((\d+)\)", "\n".join(lines()))
    assert len(rows) == sum(map(int, kinds)), WRITE_IT


def ticks(line: str, first: int = 3) -> list[str]:
    """The cells at the end of a row that are ticks, or where ticks could be."""
    cells = [cell.strip() for cell in line.split(" |")[:-1]]
    return [cell for cell in cells[first:] if cell in ("✓", "·", "")]


def test_no_right_code_was_complained_of() -> None:
    text = lines()
    start = text.index("| check | runs | alarms |") + 2
    alarms = [line for line in text[start:] if line][: len(CHECKS) + 2]
    assert all(line.endswith("| 0 |") for line in alarms)


@pytest.mark.slow
def test_the_pages_are_what_the_command_writes(tmp_path: Path) -> None:
    assert main(["audit", "--page", str(tmp_path / PAGE.name)]) == 0
    for page in (PAGE, BESIDE):
        assert lines(tmp_path / page.name) == lines(page), WRITE_IT


def test_links_and_folds_are_whole() -> None:
    text = "\n".join(lines())
    headings = {
        re.sub(r"[^a-z0-9 -]", "", h.lower()) for h in re.findall("## (.*)", text)
    }
    assert {f"#{h.replace(' ', '-')}" for h in headings} >= set(links(text, "#"))
    assert links(text, "kill") == [BESIDE.name] * 2
    assert links("\n".join(lines(BESIDE)), "kill") == [PAGE.name]
    assert text.count("<details><summary>") == text.count("</details>") > 10


def links(text: str, start: str) -> list[str]:
    return re.findall(rf"\]\(({start}[^)]*)\)", text)


def test_the_list(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["audit", "--list", "--only", "layer_norm"]) == 0
    printed = capsys.readouterr().out
    assert "gamma is forgotten: g = dy" in printed
    assert "transpose" not in printed.split("linear")[0]
    assert main(["audit", "--list", "--only", "engine"]) == 0
    assert "no_grad never ends" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ("--only layernorm", "unknown operation 'layernorm': did you mean layer_norm"),
        ("--only add --page x.md", "--page takes every bug: leave out --only, --list"),
        ("--list --page x.md", "--page takes every bug: leave out --only, --list"),
    ],
)
def test_what_it_refuses(
    arguments: str, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["audit", *arguments.split()]) == 2
    assert says in capsys.readouterr().err


def test_a_survivor_is_named_and_is_exit_code_1(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    mutants = commands.chosen("exp")
    unseen = [Trial(mutant, dict.fromkeys(CHECKS)) for mutant in mutants]
    monkeypatch.setattr(run, "try_all", lambda *_: unseen)
    assert main(["audit", "--only", "exp"]) == 1
    assert "survives: exp, by the input: " in capsys.readouterr().out


def test_a_folder_that_cannot_be_is_told_before_the_work(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setattr(run, "every_mutant", lambda: pytest.fail("it has begun"))
    assert main(["audit", "--page", str(tmp_path / "file" / "page.md")]) == 2
    assert "file" in capsys.readouterr().err


def test_a_bug_that_fits_its_source_no_more_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    stale = Mutant("minicvt.ops.elementwise", "exp", "by the input", "d * z", "d * x")
    monkeypatch.setattr(run, "PULLBACKS", [stale])
    assert main(["audit", "--list"]) == 2
    says = (
        "the bug 'by the input' of exp, in 'd * z': expected that text once, got it 0"
    )
    assert says in capsys.readouterr().err


def test_it_tells_how_far_it_is(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    trial.prepare()
    monkeypatch.setattr(run, "_side_by_side", map)
    assert main(["audit", "--only", "reshape"]) == 0
    printed = capsys.readouterr()
    assert printed.err.splitlines()[1:] == ["1/3 tried", "2/3 tried", "3/3 tried"]
    assert "in the other order" in printed.out
