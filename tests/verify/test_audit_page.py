"""docs/kill-table.md: its rows are what trials find, its totals what its rows say."""

from __future__ import annotations

import re
from pathlib import Path
from random import Random

import pytest

from minicvt.cli import main
from minicvt.tables import markdown
from minicvt.verify.audit import commands, equivalents, rows, run, totals
from minicvt.verify.audit.checks import CHECKS, ENGINE_CHECKS
from minicvt.verify.audit.mutant import Mutant
from minicvt.verify.audit.planted import ENGINE, PULLBACKS
from minicvt.verify.audit.trial import Trial, is_engine

PAGE = Path(__file__).parents[2] / "docs" / "kill-table.md"
WRITE_IT = "write it again: minicvt audit --page docs/kill-table.md"
SAMPLED = 30


def lines() -> list[str]:
    return PAGE.read_text(encoding="utf-8").splitlines()


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
    found = totals.outcome(run.try_all([*sample, *random.sample(ENGINE, 2)]))
    assert found.survivors == []
    assert len(found.bugs) > SAMPLED
    page = set(lines())
    missing = [row for row in map(row_on_the_page, found.bugs) if row not in page]
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
    cells = [line.strip("| ").split(" | ") for line in text[first:]]
    table = cells[: cells.index([""])]
    kinds = [re.sub(r" \([\d,]+\)", "", kind) for kind in table[0][1:]]
    return {row[0]: dict(zip(kinds, row[1:], strict=True)) for row in table[2:]}


def test_our_suite_sees_every_bug() -> None:
    assert set(counted()["our suite"].values()) == {"100.0%"}
    assert "## Survivors" not in lines()


def test_the_totals_are_those_of_the_rows() -> None:
    names = list(CHECKS)
    engine = [line for line in lines() if line.endswith(" |") and _ticked(line)]
    hand = [_ticked(line) for line in engine if " becomes " in line]
    ours = [ticks for ticks in hand if len(ticks) == len(names)]
    for i, name in enumerate(names):
        share = sum(ticks[i] == "✓" for ticks in ours) / len(ours)
        assert counted()[name]["by hand"] == f"{share:.1%}", WRITE_IT


def _ticked(line: str) -> list[str]:
    """The cells at the end of a row that are ticks, or where ticks could be."""
    cells = [cell.strip() for cell in line.split(" |")[:-1]]
    return [cell for cell in cells[3:] if cell in ("✓", "·", "")]


def test_no_right_code_was_complained_of() -> None:
    text = lines()
    start = text.index("| check | runs | alarms |") + 2
    alarms = [line for line in text[start:] if line][: len(CHECKS) + 2]
    assert all(line.endswith("| 0 |") for line in alarms)


@pytest.mark.slow
def test_the_page_is_what_the_command_writes(tmp_path: Path) -> None:
    assert main(["audit", "--page", str(tmp_path / "page.md")]) == 0
    written = (tmp_path / "page.md").read_text(encoding="utf-8")
    assert written.splitlines() == lines(), WRITE_IT


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
        ("--only add --page x.md", "so not with --only"),
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
    monkeypatch.setattr(run, "try_all", lambda _: unseen)
    assert main(["audit", "--only", "exp"]) == 1
    assert "survives: exp, by the input: " in capsys.readouterr().out
