"""What trials amount to: blind spots, shares, and edits that are no bugs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from minicvt import kernels, threads
from minicvt.kernels.convolution import product
from minicvt.verify.audit import equivalents, run, suite, totals
from minicvt.verify.audit.blind import SPOTS, spots
from minicvt.verify.audit.checks import CHECKS, ENGINE_CHECKS
from minicvt.verify.audit.equivalents import REASONS, reason, shown
from minicvt.verify.audit.mutant import Mutant
from minicvt.verify.audit.planted import ENGINE, PULLBACKS
from minicvt.verify.audit.rows import code
from minicvt.verify.audit.shares import share
from minicvt.verify.audit.trial import Trial, is_engine

PAGE = Path(__file__).parents[2] / "docs" / "kill-table.md"


def tried(says: str, *seen_by: str, function: str | None = None) -> Trial:
    """The trial of a bug that some checks see with their second call."""
    mutant = next(
        m
        for m in (*PULLBACKS, *ENGINE)
        if m.says == says and function in (None, m.function)
    )
    checks = ENGINE_CHECKS if is_engine(mutant) else CHECKS
    return Trial(mutant, {name: 2 if name in seen_by else None for name in checks})


@pytest.mark.parametrize(
    ("spot", "trial"),
    [
        (0, tried("each by itself", "direction", "Jacobian", "gradcheck", "PyTorch")),
        (1, tried("equal ones get nothing", "PyTorch")),
        (2, tried("the padding counts where it must not", "PyTorch", "windows")),
        (3, tried("the last part only", "PyTorch")),
        (4, tried("writes into its cotangent", "untouched")),
        (5, tried("depth first, each before its inputs", "graphs", "promises")),
        (None, tried("each by itself", *CHECKS)),
    ],
)
def test_each_blind_spot_has_its_bugs_and_no_others(
    spot: int | None, trial: Trial
) -> None:
    assert [len(found) for _, found in spots([trial])] == [
        int(number == spot) for number in range(len(SPOTS))
    ]


def test_a_share_counts_bugs_that_any_of_the_checks_sees_in_time() -> None:
    bugs = [
        tried("each by itself", "direction"),
        tried("the rule of a square", "PyTorch"),
        tried("no_grad does nothing", "graphs"),
    ]
    assert share(bugs, ["direction"]) == "33.3%"
    assert share(bugs, ["direction", "PyTorch"]) == "66.7%"
    assert share(bugs, ["direction", "PyTorch"], calls=1) == "0.0%"
    assert share(bugs[:2], ["graphs"]) == ""  # they do not run what was edited


def test_trials_are_told_apart() -> None:
    raising = Trial(PULLBACKS[0], {}, raises=True)
    seen, unseen = (
        tried("each by itself", "PyTorch"),
        tried("each by itself", "direction"),
    )
    found = totals.outcome([raising, seen, unseen])
    assert found == ([seen, unseen], [unseen], [], [raising])


def explained(why: str) -> Iterator[Mutant]:
    """The edits on the page that have this reason."""
    rows = PAGE.read_text(encoding="utf-8").partition("## Edits that change nothing")[2]
    for mutant in run.every_mutant():
        row = f"| {code(mutant.function)} | {code(mutant.edited)} |"
        if reason(mutant) == why and row in rows:
            yield mutant


@pytest.mark.parametrize("why", REASONS)
def test_what_is_said_to_change_nothing_does_not(why: str) -> None:
    assert shown(next(explained(why)))


def test_a_reason_without_the_measurement_is_none(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    mutant = next(explained(next(iter(REASONS))))
    monkeypatch.setattr(equivalents, "largest_difference", lambda _: 1e-3)
    survivor = Trial(mutant, dict.fromkeys(CHECKS))
    assert totals.outcome([survivor]).survivors == [survivor]


def test_measuring_leaves_the_bodies_as_they_were() -> None:
    before = kernels.active()
    equivalents.largest_difference(next(explained(next(iter(REASONS)))))
    assert kernels.active() == before


def test_work_is_cut_up_inside_and_not_after() -> None:
    before = product.PART_BYTES, threads.LEAST, threads.width()
    with suite.in_parts_of(64):
        parts: list[tuple[int, int]] = []
        threads.share(lambda *part: parts.append(part), 5, 2.0)
        assert sorted(parts) == [(0, 2), (2, 5)]
        assert product.PART_BYTES == 64
    assert (product.PART_BYTES, threads.LEAST, threads.width()) == before
