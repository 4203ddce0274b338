"""Bars in short: each once, of many the worst, and none is left out."""

from __future__ import annotations

from minicvt.bench import cold, short
from minicvt.bench.cases import Bar
from minicvt.bench.page import Page
from minicvt.bench.short import FEW, shorts
from tests.bench.test_comparing import outcome


def held(*ratios: float):
    return [outcome([x] * 5, [1.0] * 5, Bar(0.8, 0.5)) for x in ratios]


def test_each_bar_has_a_row():
    found = [one.row() for one in shorts([*held(0.4, 0.7, 0.9), outcome([1], [1])])]
    assert [row[-1] for row in found] == ["aim", "must", "no"]
    assert found[0] == (
        "a case",
        "torch eager",
        "0.40 [0.40-0.40]",
        "0.80",
        "0.50",
        "aim",
    )


def test_of_many_the_worst_has_a_row():
    ratios = [0.4, 0.9, 0.7, 0.95, 0.6]
    assert len(ratios) > FEW
    (one,) = shorts(held(*ratios))
    assert one.measured.startswith("0.95")
    assert one.name == "a case, the worst of 5"
    assert one.row()[-1] == "aim: 1, must: 2, no: 2"


def test_what_was_not_measured_is_the_worst():
    (*some, last) = held(*[0.9] * (FEW + 1))
    absent = last.__class__(last.case, last.against, 2, absent="not installed")
    (one,) = shorts([*some, absent])
    assert one.row()[2:] == ("", "0.80", "0.50", "no: 4, not measured: 1")


def test_they_are_counted(capsys):
    bars = [*shorts(held(0.4, 0.9)), cold.bar("compiled", 99.0)]
    short.tell(Page(), {"toy": bars})
    out = capsys.readouterr().out
    assert out.startswith(f"{short.TITLE}\n\n{short.MEANS}")
    assert "Bars: 3; aim met: 1; not met: 2." in " ".join(out.split())
    assert "99.00 s of CPU" in out
    assert cold.bar("from the cache", 0.4).met == {"must": 1}


def test_without_bars_there_is_nothing_to_say(capsys):
    short.tell(Page(), {"profile": []})
    assert capsys.readouterr().out == ""
