"""One case of every cell of the fuzz; all of it in make fuzz and make check-slow."""

from __future__ import annotations

from collections import Counter
from inspect import signature
from typing import Any

import pytest

from minicvt import ops
from minicvt.verify.operations import LAYOUTS, OPERATIONS
from tests.fuzz.cases import Case, every_case, measure, read, sample
from tests.fuzz.cells import ENTRIES, GRID, cells
from tests.fuzz.command import main, measured, whole_run
from tests.fuzz.findings import ENOUGH, Findings, gathered

SEED = 2
A_CASE = "conv2d: stride=2 padding=1 height=odd width=even layout=strided groups=3 #4"


def wrong(cases: Any) -> list[Any]:
    found = gathered(measured(cases, SEED))
    return [what for findings in found.values() for what in findings.failures()]


def test_one_case_of_every_cell() -> None:
    assert wrong(every_case(1)) == []


@pytest.mark.slow
def test_every_cell() -> None:
    text, found = whole_run(ENOUGH, SEED)
    assert found == []
    assert "total" in text


def test_the_grid_has_every_axis_that_an_operation_has() -> None:
    assert set(GRID) == set(ENTRIES)
    for name, axes in GRID.items():
        assert axes["layout"] == tuple(LAYOUTS)
        options = (
            signature(OPERATIONS[name].ours).parameters if name in OPERATIONS else ()
        )
        windowed = "stride" in options
        assert (axes.get("stride") == (1, 2, 3)) == windowed
        assert ({"padding", "height", "width"} <= set(axes)) == windowed
        assert ("groups" in axes) == ("groups" in options)


def test_a_call_is_drawn_for_every_cell() -> None:
    """That it lies there is asserted where it is drawn."""
    drawn = Counter(case.name for case in every_case(1) if sample(case, SEED))
    assert drawn == {name: len(list(cells(name))) for name in GRID}
    assert sum(drawn.values()) * ENOUGH > 10_000


def test_graphs_have_every_smooth_operation() -> None:
    cornered = {name for name, entry in OPERATIONS.items() if entry.corners}
    losses = {"soft_cross_entropy", "batch_norm_eval", "sum"}
    graphs = [sample(case, SEED) for case in some_graphs(300)]
    used = {s.name for g in graphs for s in g.options["program"].steps}
    assert used - {"leaf"} == set(OPERATIONS) - cornered - losses - {"max_pool2d"}


def some_graphs(count: int) -> list[Case]:
    return [case for case in every_case(4) if case.name == "graph"][:count]


def test_a_case_is_drawn_again_from_what_is_printed() -> None:
    case = read(A_CASE)
    assert str(case) == A_CASE
    assert measure(case, SEED) == measure(read(A_CASE), SEED)
    assert measure(case, SEED) != measure(case, SEED + 1)


def test_a_bug_in_few_cells_is_found_and_named(monkeypatch: Any, capsys: Any) -> None:
    right = ops.OPERATIONS["conv2d"]

    def wrong_once(*inputs: Any, **options: Any) -> Any:
        y = right(*inputs, **options)
        return y * 1.001 if options["groups"] == 3 == options["stride"][0] else y

    monkeypatch.setitem(ops.OPERATIONS, "conv2d", wrong_once)
    found = wrong(case for case in every_case(1) if case.name == "conv2d")
    named = {name for _, name in found}
    assert named
    assert all("stride=3" in name and "groups=3" in name for name in named)
    assert main(["--seed", str(SEED), "--case", min(named)]) == 0
    assert "output 0    1.0e-03" in capsys.readouterr().out


def test_a_case_that_raises_is_no_case(monkeypatch: Any) -> None:
    monkeypatch.setitem(ops.OPERATIONS, "exp", lambda x: ops.exp(x, colour="red"))
    cases = [case for case in every_case(2) if case.name == "exp"]
    found = gathered(measured(cases, SEED))["exp"]
    assert found.cases == 0
    assert all("TypeError: exp: unknown option" in what for what, _ in found.failures())
    assert len(found.failures()) == len(cases)


def test_an_empty_cell_is_seen() -> None:
    case = read(A_CASE)
    findings = Findings("conv2d")
    findings.add(case, measure(case, SEED))
    empty = [what for what, _ in findings.thin_cells(1)]
    assert len(empty) == len(list(cells("conv2d"))) - 1
    assert not any(A_CASE.split(": ")[1][:-3] in what for what in empty)
