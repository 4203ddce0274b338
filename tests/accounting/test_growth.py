"""Growth: counts are the ledger's, exponents those of power laws, times in turns."""

from __future__ import annotations

import re
from itertools import groupby
from time import sleep

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minicvt import models, threads
from minicvt.accounting.growth import Curve, Sample, by_kernel, by_side
from minicvt.accounting.growth import exponent as fit
from minicvt.accounting.growth.fit import exponents
from minicvt.accounting.growth.timing import TURN, medians
from minicvt.accounting.summary import ledger_of
from minicvt.cli import main

SIDES = (64, 96, 128, 192)


@pytest.fixture(scope="module")
def sweeps():
    return by_side(SIDES, rounds=0), by_kernel(rounds=0)


@given(
    st.floats(-3, 4),
    st.floats(1e-3, 1e3),
    st.lists(st.integers(2, 10**4), min_size=2, max_size=9, unique=True),
)
def test_the_exponent_of_a_power_law_is_its_power(power, factor, sizes):
    sizes = sorted(sizes)
    found = fit(sizes, [factor * size**power for size in sizes])
    assert found.power == pytest.approx(power, abs=1e-9 / (sizes[-1] / sizes[0] - 1))
    assert (found.first, found.last) == (sizes[0], sizes[-1])


def test_both_ends_of_a_curve_have_their_own():
    costs = [1, 4, 16, 256, 4096]
    samples = [Sample(2**i, cost, 1) for i, cost in enumerate(costs)]
    low, high = exponents(Curve("", tuple(samples)), "macs")
    assert str(low) == "2.00 (1-4)"
    assert str(high) == "4.00 (4-16)"
    assert exponents(Curve("", tuple(samples)), "seconds") is None


def test_costs_by_side_are_the_ledgers(sweeps):
    by_name = {curve.name: curve for curve in sweeps[0].curves}
    strided, vit = by_name["CvT-13, K/V stride 2"], by_name["ViT-S/16"]
    for curve, name in ((strided, "cvt-13"), (vit, "vit-s16")):
        assert [sample.size for sample in curve.samples] == list(SIDES)
        for sample in curve.samples:
            size = (sample.size, sample.size)
            _, there = ledger_of(models.variant(name), size)
            assert sample.macs == there.macs
            _, both = ledger_of(models.variant(name), size, backward=True)
            assert sample.kept == both.total("kept") > 0
            assert sample.seconds is None


def test_stride_1_costs_more_and_grows_faster(sweeps):
    full, strided, _ = sweeps[0].curves
    assert all(
        a.macs > b.macs and a.kept > b.kept
        for a, b in zip(full.samples, strided.samples, strict=True)
    )
    for quantity in ("macs", "kept"):
        (_, steep), (_, flat) = exponents(full, quantity), exponents(strided, quantity)
        assert flat.power < steep.power < 4


def test_costs_by_kernel_are_the_closed_forms(sweeps):
    """Section 3.2: s^2 C^2 T for the dense one, s^2 C T + C^2 T for the separable."""
    separable, dense = sweeps[1].curves
    places, c = 28 * 28, 192
    for sample in dense.samples:
        assert sample.macs == sample.size**2 * c**2 * places
    for sample in separable.samples:
        assert sample.macs == (sample.size**2 * c + c**2) * places
    low, high = exponents(dense, "macs")
    assert low.power == pytest.approx(2)
    assert high.power == pytest.approx(2)


def test_passes_up_to_a_size_are_timed():
    most = 300 * 10**6
    curves = by_side((48, 96), rounds=1, most=most).curves
    for curve in curves:
        for sample in curve.samples:
            assert (sample.seconds is None) == (sample.macs > most)
    assert any(sample.seconds for curve in curves for sample in curve.samples)


def blas_threads() -> set[int]:
    return {library["num_threads"] for library in threads.blas()}


def test_medians_are_taken_in_turns_with_one_thread():
    seen = []

    def body(name):
        return lambda: seen.append((name, blas_threads()))

    def slow():
        sleep(TURN)
        seen.append(("slow", blas_threads()))

    quick, long = medians([body("quick"), slow], rounds=3)
    order = [name for name, _ in groupby(name for name, _ in seen)]
    assert order == ["quick", "slow"] * 4  # once before, three rounds
    assert [name for name, _ in seen].count("slow") == 5
    assert [name for name, _ in seen].count("quick") > 50
    assert all(count == {1} for _, count in seen)
    assert 0 < quick < long


def test_the_command_prints_tables_and_draws(capsys, tmp_path):
    picture = tmp_path / "growth.svg"
    sides = "64,96,128"
    given = ["growth", "--sides", sides, "--rounds", "1", "--picture", str(picture)]
    assert main(given) == 0
    out = capsys.readouterr().out
    assert "By the side of the image" in out
    assert "By the kernel s of one projection of a map 28 x 28 x 192" in out
    assert re.search(r"ViT-S/16 +MACs +\d\.\d\d \(64-128\) +\d\.\d\d \(64-128\)", out)
    assert max(map(len, out.splitlines())) <= 100
    assert picture.read_text("utf-8").startswith("<svg")


def test_nothing_is_timed_in_0_rounds(capsys):
    assert main(["growth", "--sides", "64,128", "--rounds", "0", "--markdown"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("# How costs grow")
    assert "| CvT-13, K/V stride 1 | 64 |" in out


@pytest.mark.parametrize(
    ("sides", "message"),
    [
        ("128,64", "expected sizes, each larger"),
        ("0", "expected a whole number from 1"),
        ("8", "CvT-13, K/V stride 1 at 8 x 8: batch_norm in stage1.blocks.0"),
    ],
)
def test_bad_sides_are_one_line(capsys, sides, message):
    assert main(["growth", "--sides", sides, "--rounds", "0"]) == 2
    err = capsys.readouterr().err
    assert message in err
    assert err.count("\n") == 1
