"""Where time goes: nothing is lost, nothing is counted twice."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import minicvt as mc
from minicvt import viz
from minicvt.bench import profiling, rates
from minicvt.bench.cases import NUMPY
from minicvt.bench.growth import attention_memory, bar, bar_of_memory, trends
from minicvt.bench.profiles import HEADERS, rows
from minicvt.bench.profiling import Ceilings, Clock, profile
from minicvt.nn import Module
from tests.bench.test_comparing import outcome

CEILINGS = Ceilings(macs=1e9, bytes=1e9)


@pytest.fixture
def step():
    """Return a training step of the hello world on four images."""
    model = mc.models.build("cvt-c8w", seed=0)
    images = np.random.default_rng(0).random((4, 8, 8, 1), np.float32)
    labels = np.arange(4)

    def body() -> None:
        mc.ops.cross_entropy(model(images), labels).backward()

    return body


def test_every_operation_has_its_line(step):
    found = profile("a step", step, CEILINGS, rounds=3)
    with mc.count() as ledger:
        step()
    assert sum(line.calls for line in found.lines) == len(ledger.entries)
    assert sum(line.macs for line in found.lines) == ledger.macs
    assert {line.direction for line in found.lines} == {"forward", "backward"}
    slowest = [line.seconds for line in found.lines]
    assert slowest == sorted(slowest, reverse=True)
    assert found.seconds == pytest.approx(sum(slowest) + found.rest)
    for line in found.lines:
        assert line.floor >= 0.999 * line.macs / CEILINGS.macs
    table = list(rows(found))
    assert len(table) == len(found.lines) + 1
    assert {len(row) for row in table} == {len(HEADERS)}


def test_what_a_span_has_goes_to_the_operation_that_ends_it(monkeypatch):
    """Each event costs 1; a module's Python goes to what follows it, or to the rest."""
    ticks = iter(range(1000))
    monkeypatch.setattr(profiling.time, "perf_counter", lambda: float(next(ticks)))
    x = mc.Tensor(np.ones(2))

    class Sum(Module):
        def forward(self, x):
            return mc.ops.add(x, x)

    both = Clock(lambda: mc.ops.exp(Sum()(x)))
    assert both.spans == [1.0, 2.0]  # add; then the module's event, and exp
    assert both.rest == 1.0


def test_the_floor_is_the_longer_of_two():
    with mc.count() as ledger:
        mc.ops.linear(np.ones((4, 8)), np.ones((3, 8)))
    (entry,) = ledger.entries
    moved = entry.read + entry.written
    assert Ceilings(1.0, 1e9).floor(entry) == entry.macs == 96
    assert Ceilings(1e9, 1.0).floor(entry) == moved > 96


def test_rates_are_of_all_threads(monkeypatch):
    monkeypatch.setattr(rates, "MOVED", 2**12)
    monkeypatch.setattr(rates, "SIDE", 16)
    ticks = iter(range(1000))
    monkeypatch.setattr(rates.time, "perf_counter", lambda: float(next(ticks)))
    assert rates.product_rate(2) == 2 * 16**3
    assert rates.copy_rate(3) == 2 * 3 * 2**12


def test_the_picture_says_what_is_slow(step, tmp_path):
    figure = viz.roofline([profile("a step", step, CEILINGS, 1)] * 2)
    figure.write(tmp_path / "roofline.svg")
    drawn = (tmp_path / "roofline.svg").read_text(encoding="utf-8")
    assert "everything else" in drawn
    assert "conv2d" in drawn
    assert figure.alt.startswith("a step: ")
    assert figure.caption


def point(ratios, batch, size=224, kv_stride=2):
    made = outcome(ratios, [1.0] * len(ratios))
    made.case.options.update(batch=batch, size=size, kv_stride=kv_stride)
    return made


@pytest.mark.parametrize(("last", "worse"), [(0.71, "no"), (0.5, "no"), (0.9, "yes")])
def test_trends_compare_the_ends(last: float, worse: str):
    ways = [point([0.7, 0.71, 0.69, 0.7, 0.72], 1), point([0.8] * 5, 8)]
    found = list(trends([*ways, point([last] * 5, 32), point([0.1] * 5, 1, 448)]))
    batch = next(row for row in found if row[0].startswith("batch"))
    assert batch[1:4] == ("torch eager", 1, 32)
    assert batch[-1] == worse
    size = next(row for row in found if row[0].startswith("size"))
    assert size[2:4] == (224, 448)
    assert size[-1] == "no"
    assert bar(batch).met == {"must" if worse == "no" else "no": 1}


@pytest.mark.parametrize(
    ("last", "worse"),
    [(0.1, "no"), (0.7, "cannot be said"), (9.0, "yes")],
)
def test_trends_to_what_is_no_ratio_are_those_of_all_rounds(last: float, worse: str):
    wide = [last * x for x in (1, 1.4, 2, 2.8, 4)]
    (row,) = trends([point([0.7] * 5, 1), point(wide, 8)])
    assert row[-1] == worse


def test_few_rounds_have_no_trend():
    few = [point([0.7] * 4, 1), point([0.1] * 4, 8)]
    assert [row[-1] for row in trends(few)] == ["cannot be said"]


def test_trends_are_beside_one_peer():
    other = replace(point([0.9] * 5, 8), against=NUMPY)
    assert list(trends([point([0.7] * 5, 1), other])) == []


def test_attention_takes_less_than_all_scores(monkeypatch):
    monkeypatch.setattr("minicvt.bench.growth.ATTENDED", (320, 448, 640))
    table, power = attention_memory(1)
    assert [row[:3] for row in table] == [
        *((320, 80**2, 40**2), (448, 112**2, 56**2), (640, 160**2, 80**2))
    ]
    assert [row[4] for row in table] == [4 * t * s for _, t, s, *_ in table]
    assert 0 < table[-1][3] < table[-1][4] / 4
    assert (power.first, power.last) == (80**2, 160**2)
    assert 0.8 < power.power < 1.2  # with tokens, not with their square
    assert bar_of_memory(power).met == {"must": 1}
    assert bar_of_memory(power._replace(power=2.0)).met == {"no": 1}
