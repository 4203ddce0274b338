"""A reader's own sizes: both sides at exactly these, and never a claim that fails."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from minicvt.cli import main
from minicvt.errors import ShapeError
from minicvt.verify.equations import CLAIMS, own
from minicvt.verify.equations.sweep import DEFAULT, centred, fits
from minicvt.verify.equations.verdict import CONTRADICTED, NOTHING

SIZED = [claim for claim in CLAIMS if claim.sized]
windows = st.tuples(st.integers(1, 7), st.integers(1, 4), st.integers(0, 3))
maps = st.tuples(st.integers(1, 20), st.integers(1, 20))


@given(windows, maps, st.integers(1, 40))
def test_no_claim_fails_where_its_conditions_are_met(window, size, channels):
    assume(fits(window, size))
    kernel, stride, padding = window
    sweep = own(kernel, stride, padding, size, channels)
    kinds = {claim.id: claim.judged(sweep).kind for claim in SIZED}
    assert CONTRADICTED not in kinds.values()
    saves = kinds["cvt-E8"]
    assert (saves == NOTHING) == (kernel % 2 == 0 or stride == 1)


def printed(capsys: pytest.CaptureFixture[str], arguments: str) -> list[str]:
    assert main(["verify", "equations", *arguments.split()]) == 0
    return capsys.readouterr().out.splitlines()


def test_both_sides_at_the_sizes_that_were_asked_for(capsys):
    lines = printed(capsys, "--kernel 5 --stride 3 --map 13x9 --channels 8")
    tables = [line for line in lines if line[:1].isdigit() or "C = 8" in line]
    assert all("13 x 9" in line or "s = 5, C = 8" in line for line in tables if line)
    found = {" ".join(line.split()) for line in lines}
    assert "13 x 9, k5 s3 p2 5 x 3 5 x 3 yes" in found
    need = "no; needs: stride divides H and W"
    assert f"13 x 9, k5 s3 p2, 117 to 15 keys 9 x 7.8 x {need}" in found
    both = f"{need}, no class"  # token, on the next line
    assert f"1 + 13 x 9, k5 s3 p2, 118 to 16 keys 9 x 7.375 x {both}" in found
    block = "s = 5, C = 8, with BatchNorm, a block"
    assert f"{block} 75 C 81 C no; needs: without BatchNorm" in found
    assert [line.split(":")[0] for line in lines if line.startswith("cvt-")] == [
        claim.id for claim in SIZED if claim.id.startswith("cvt-")
    ]


def test_one_claim_at_own_sizes(capsys):
    lines = printed(capsys, "--claim cvt-E4 --kernel 2 --channels 10")
    assert [" ".join(line.split()) for line in lines[-2:]] == [
        "s = 2, C = 10 400 400 yes",
        "s = 2, C = 10, bias 400 410 no; needs: no bias",
    ]


def test_an_even_kernel_says_what_it_lacks(capsys):
    lines = printed(capsys, "--claim cvt-E8 --kernel 4")
    assert lines[-1] == "needs an odd kernel, and a stride over 1"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("--stride 0", "argument --stride: expected a whole number from 1, got '0'"),
        ("--map 0x4", "argument --map: expected 224 or 224x192, got '0x4'"),
        ("--kernel 9 --padding 0 --map 3x3", "kernel (9, 9) is larger than the map"),
        ("--claim cvt-E12 --kernel 3", "cvt-E12 takes no sizes"),
        ("--claim cvt-E88", "unknown claim 'cvt-E88': did you mean cvt-E8"),
        ("--json --latex", "argument --latex: not allowed with argument --json"),
    ],
)
def test_what_cannot_be_is_one_line(arguments, message, capsys):
    assert main(["verify", "equations", *arguments.split()]) == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert message in err


def test_sizes_that_do_not_fit_raise():
    with pytest.raises(ShapeError, match="larger than the map"):
        own(kernel=8, padding=0, map=(7, 9))


def test_the_sweep_goes_from_small_to_large_through_every_parity():
    areas = [height * width for height, width in DEFAULT.maps]
    assert areas == sorted(areas)
    parities = {(h % 2, w % 2) for h, w in DEFAULT.maps}
    assert len(parities) == 4
    assert {(14, 14), (28, 28), (56, 56), (24, 24), (96, 96)} <= set(DEFAULT.maps)
    assert all(centred(window) for window in DEFAULT.projections)
    assert any(not centred(window) for window in DEFAULT.windows)
