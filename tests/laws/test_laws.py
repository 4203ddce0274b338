"""Every law holds, on draws of its own; a false one is told; the page is what is so."""

from __future__ import annotations

import re

import pytest

from minicvt.cli import main
from minicvt.nn import Attention
from minicvt.verify.laws import APART, FAMILIES, LAWS, ROUNDING, Family, Law, commands
from minicvt.verify.operations import Draw
from tests.house.tree import ROOT
from tests.models.relatives import facts

EQUALITIES = {
    "ViT patch conv": "ViT's patch convolution is a Linear of flat patches.",
    "T2T: project(unfold": "A projected soft split is a convolution.",
    "PVT: SR conv": "PVT's reduction is its equation 3.",
    "CeiT/CMT: 1x1 conv": "A convolution of 1 x 1 is a Linear of each token.",
    "CMT: LPU": "CMT's local perception is one convolution.",
    "CMT: sr conv + BN": "CMT's reduction takes its BatchNorm in.",
    "fused qkv": "Three Linears are one with rows q, k, v.",
    "key bias": "A bias of the keys changes nothing.",
    "CeiT: LCA": "CeiT's last attention is the last row of all.",
    "MaxPool2d": "Pooling pads with minus infinity.",
    "T2T performer": "A performer is attention by an explicit kernel.",
    "PVT: F.interpolate": "Positions are resized from centres of pixels.",
}
"""By how equiv.json calls them, where the papers' authors' code was measured."""


@pytest.mark.parametrize("law", LAWS.values(), ids=list(LAWS))
def test_it_holds(law: Law) -> None:
    found = law.differences(range(100, 108))
    assert law.holds(found), found


@pytest.mark.slow
@pytest.mark.parametrize("law", LAWS.values(), ids=list(LAWS))
def test_it_holds_often(law: Law) -> None:
    found = law.differences(range(1000, 1300))
    assert law.holds(found), (min(found), max(found))


def test_no_two_have_one_name() -> None:
    assert len(LAWS) == sum(len(family.laws) for family in FAMILIES)


def test_no_equality_of_the_official_codes_is_left_out() -> None:
    for fact in facts("equiv"):
        (name,) = [name for start, name in EQUALITIES.items() if fact.startswith(start)]
        assert LAWS[name].equal
    assert len(facts("equiv")) == len(EQUALITIES)


def false() -> Family:
    family = Family("False ones")
    family.equal("Two is one.", "2 = 1")(lambda draw: 1.0)
    family.unequal("One is not one.", "1 != 1")(lambda draw: 0.0)
    family.equal("One is one.", "1 = 1")(lambda draw: 0.0)
    return family


def test_what_does_not_hold_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert commands.laws(2, families=[false()]) == 1
    said = capsys.readouterr().out
    assert "2 of 3 laws do not hold: Two is one. One is not one." in said
    assert re.search(r"Two is one\. +should be equal +1e\+00 +1e\+00", said)
    assert re.search(r"One is not one\. +should differ +0e\+00 +0e\+00", said)
    assert re.search(r"One is one\. +equal +0e\+00 +0e\+00\n +1 = 1", said)


def test_between_rounding_and_apart_nothing_holds() -> None:
    for equal in (True, False):
        law = Law("", "", lambda draw: 0.0, equal)
        assert not law.holds([(ROUNDING * APART) ** 0.5])
        assert not law.holds([float("nan")])
        assert law.holds([0.0]) == equal


def test_a_bug_breaks_the_laws_it_breaks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Attention to tokens in the other order, answered in that order."""
    right = Attention.forward

    def rolled(attention, tokens, grid, bias=None):  # type: ignore[no-untyped-def]
        return right(attention, tokens[:, ::-1], grid, bias)

    monkeypatch.setattr(Attention, "forward", rolled)
    broken = {n for n, law in LAWS.items() if not law.holds(law.differences(range(2)))}
    assert 'Of tokens, in attention with "linear" projections.' in broken
    assert "Three Linears are one with rows q, k, v." in broken
    assert "Queries move by a token a stride." not in broken


def test_draws_are_any_number_and_seeded(capsys: pytest.CaptureFixture[str]) -> None:
    said = []
    for _ in range(2):
        assert main(["verify", "laws", "--draws", "1"]) == 0
        said.append(capsys.readouterr().out)
    assert said[0] == said[1]
    assert said[0].endswith(f"{len(LAWS)} laws hold on 1 draws each\n")
    law = next(iter(LAWS.values()))
    assert law.measure.__annotations__["draw"] in (Draw, "Draw")


def without_rounding(text: str) -> list[str]:
    """Lines without numbers that the last bits of a machine may move: 2e-15."""
    return re.sub(r"\b\d(\.\d+)?e(-\d\d|\+00)\b", "number", text).splitlines()


def test_the_page_is_what_the_command_prints(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["verify", "laws", "--markdown"]) == 0
    printed = capsys.readouterr().out
    page = (ROOT / "docs" / "laws.md").read_text(encoding="utf-8")
    assert without_rounding(printed) == without_rounding(page)
    for says in ("A whole block of CvT does not: attention is global.",):
        there, here = (measured(text, says) for text in (page, printed))
        assert there == pytest.approx(here, rel=0.2)
        assert there[0] > 1e-5


def measured(page: str, says: str) -> list[float]:
    (line,) = [line for line in page.splitlines() if line.startswith(f"| {says}")]
    return [float(cell) for cell in line.split("|")[3:5]]
