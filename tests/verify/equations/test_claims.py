"""Every claim comes out as on record, and not when either side is tampered with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from matplotlib.mathtext import MathTextParser

from minicvt.verify.equations import CLAIMS, Claim, Row
from minicvt.verify.equations.claim import PAPERS
from minicvt.verify.equations.reading import Effect, Measured
from minicvt.verify.equations.verdict import CONTRADICTED

BY_ID = {claim.id: claim for claim in CLAIMS}
MEASURED = [claim for claim in CLAIMS if isinstance(claim.reading, Measured)]
COUNTED = [claim for claim in CLAIMS if claim not in MEASURED]


def of(claims: list[Claim]) -> Any:
    """Run a test for each of some claims."""
    return pytest.mark.parametrize("claim", claims, ids=lambda claim: claim.id)


each = of(list(CLAIMS))


@each
def test_the_verdict_is_the_one_on_record(claim: Claim):
    verdict = claim.judged()
    assert not claim.changed(verdict), (verdict.kind, verdict.conditions)


def tampered(claim: Claim, change: Callable[[Row], Row]) -> Claim:
    """Return the claim with rows that ``change`` has been at."""
    return replace(claim, evidence=lambda sweep: map(change, claim.evidence(sweep)))


def wrong(side: Any) -> Any:
    """Return another value of the same kind, far enough off to be noticed."""
    if isinstance(side, bool):
        return not side
    if isinstance(side, tuple) and not isinstance(side, Effect):
        return tuple(n + 1 for n in side)
    return side * 1000 + 1


@of(COUNTED)
def test_a_wrong_formula_changes_the_verdict(claim: Claim):
    """Whatever the paper says is planted wrong: no claim survives it."""
    planted = tampered(claim, lambda row: row._replace(left=wrong(row.left)))
    verdict = planted.judged()
    assert verdict.kind == CONTRADICTED
    assert planted.changed(verdict) == (claim.expected != CONTRADICTED)


@of(COUNTED)
def test_a_wrong_count_changes_the_verdict(claim: Claim):
    planted = tampered(claim, lambda row: row._replace(right=less(row)))
    assert planted.judged().kind == CONTRADICTED


def less(row: Row) -> Any:
    """Return a right side that is off, and below the left one."""
    if isinstance(row.right, bool | tuple):
        return wrong(row.right)
    return Fraction(row.left) / 2 - 1


@of([claim for claim in COUNTED if claim.reading.relation != "<"])
def test_were_the_count_what_is_said_the_claim_would_be_exact(claim: Claim):
    agreeing = tampered(claim, lambda row: row._replace(right=row.left))
    verdict = agreeing.judged()
    assert verdict.kind == "exact"
    assert agreeing.changed(verdict) == (claim.expected != "exact")


@of(MEASURED)
def test_a_wide_interval_is_open(claim: Claim):
    wide = Effect(0.0, -50.0, 50.0, 5)
    made = tampered(claim, lambda row: row._replace(right=wide)).judged()
    rows = "empirical: open" if claim.judged().rows else "empirical: not measured here"
    assert made.kind == rows


def rights(name: str) -> dict[str, Any]:
    return {row.at: row.right for row in BY_ID[name].judged().rows}


def test_keys_and_values():
    found = rights("cvt-E8")
    assert found["7 x 7, k3 s2 p1, 49 to 16 keys"] == Fraction(49, 16) == 3.0625
    assert found["1 + 14 x 14, k3 s2 p1, 197 to 50 keys"] == Fraction(394, 100)
    assert found["1 + 24 x 24, k3 s2 p1, 577 to 145 keys"] == Fraction(577, 145)
    assert found["56 x 56, k3 s2 p1, 3136 to 784 keys"] == 4
    verdict = BY_ID["cvt-E8"].judged()
    assert [row.at.split(",")[0] for row in verdict.against] == ["7 x 7", "1 + 14 x 14"]


def test_keys_products_layers_and_models_side_by_side():
    found = {at: round(float(ratio), 3) for at, ratio in rights("cvt-E9-model").items()}
    assert found["cvt-13 at 224, keys of stage 1"] == 4
    assert found["cvt-13 at 224, keys of stage 3"] == 3.94
    assert found["cvt-13 at 224, the two products"] == 3.991
    assert found["cvt-21 at 224, the two products"] == 3.989
    assert found["cvt-13 at 384, the two products"] == 3.997
    assert found["cvt-13 at 224, model"] == 1.455


def test_dense_projections_never_cost_nine_times_as_much():
    found = {at: round(float(ratio), 2) for at, ratio in rights("cvt-E4-model").items()}
    weights = [found[f"weights of a projection, C = {c}"] for c in (64, 192, 384, 1024)]
    assert weights == [7.89, 8.6, 8.79, 8.92]
    assert found["parameters of cvt-13"] == 2.86
    assert found["MACs of cvt-13"] == 1.94
    assert max(found.values()) < 9


def test_batchnorm_is_counted():
    found = rights("cvt-E6")
    assert found["s = 3, C = 64, with BatchNorm, a projection"] == 11
    assert found["s = 3, C = 1024, with BatchNorm, a block"] == 33
    assert found["s = 3, C = 64, a projection"] == 9


def test_shares_of_the_depthwise_part():
    rows = BY_ID["cvt-E7-share"].judged().rows
    extra = {row.at: row.right - row.left for row in rows}
    assert extra["MACs of cvt-13"] == 16_934_400
    assert extra["parameters of cvt-13"] == 141_504
    share = {row.at: f"{(row.right - row.left) / row.right:.3%}" for row in rows}
    assert share["MACs of cvt-13"] == "0.371%"
    assert share["MACs of cvt-21"] == "0.377%"
    assert share["MACs of cvt-w24"] == "0.142%"
    assert BY_ID["cvt-E7-share"].judged().error == pytest.approx(0.00728, abs=5e-6)


def test_a_block_takes_half_of_three_strided_projections():
    at = "C = 64, 56 x 56, k3 s2 p1, a block"
    row = next(row for row in BY_ID["cvt-E7"].judged().rows if row.at == at)
    assert Fraction(row.right, row.left) == Fraction(1, 2)


def test_spatial_reduction():
    found = {at: float(ratio) for at, ratio in rights("pvt-R2").items()}
    layers = [(56, 64, 8), (28, 128, 4), (14, 320, 2), (7, 512, 1)]
    ratios = [found["layer, {0} x {0}, C = {1}, R = {2}".format(*x)] for x in layers]
    assert [round(ratio, 2) for ratio in ratios] == [22.36, 4.18, 1.37, 1.0]
    assert found["products, 56 x 56, C = 64, R = 8"] == 64
    assert found["parameters, 56 x 56, C = 64, R = 8"] == 16640 / 278976


def test_soft_splits():
    found = rights("t2t-concat")
    modules = [at for at in found if at.startswith("T2T module")]
    assert [found[at] for at in modules] == [298_973_696, 1_604_227_072]
    assert found["split 3: MACs, convolution and Linear"] == 43_352_064


def test_dead_parameters():
    found = rights("ceit-dead")
    assert found["parameters of ceit-tiny without a part"] == 307_008
    assert found["MACs of ceit-tiny without a part"] == 59_157_504
    assert found["layer 3 of 3: LeFF tensors with gradient"] == 0


def test_scaling():
    found = {at: round(float(x), 3) for at, x in rights("cmt-eq17").items()}
    assert list(found.values()) == [2.352, 2.421, 2.606, 2.311]
    assert BY_ID["cmt-eq16"].judged().error == pytest.approx(0.0012739, abs=2e-6)


def test_class_attention():
    assert rights("ceit-LCA")["attention, ceit-tiny, L = 12"] == 963_072


def test_patches_that_fit_the_printed_size():
    rows = {row.at: row for row in BY_ID["vit-T1"].judged().rows}
    holds = BY_ID["vit-T1"].reading.holds
    assert holds(rows["parameters of vit-l32"])
    assert not holds(rows["parameters of vit-l16"])
    assert rows["parameters of vit-l16"].right == Fraction(304_326_632, 10**6)
    assert rows["parameters of vit-l32"].left == Decimal("307")


def test_ids_and_papers():
    assert len(BY_ID) == len(CLAIMS)
    assert {claim.id.split("-")[0] for claim in CLAIMS} == set(PAPERS)
    equations = {claim.id for claim in CLAIMS if claim.id.startswith("cvt-E")}
    assert {f"cvt-E{n}" for n in range(1, 13)} <= equations


@each
def test_the_mathematics_is_well_formed(claim: Claim):
    parsed = MathTextParser("path").parse(f"${claim.latex}$")
    assert parsed.width > 0
    assert not any(f"\\{sign}" in claim.latex for sign in ",;%!#&{}"), (
        "Markdown takes a backslash before a sign for its own"
    )


@each
def test_a_claim_says_what_where_and_why(claim: Claim):
    assert claim.says.endswith(".")
    assert claim.where
    kinds = ("contradicted", "exact iff", "exact if")
    assert claim.why or claim.expected not in kinds or claim.id in SELF_EVIDENT


SELF_EVIDENT = ("cvt-E4", "cvt-E10-size", "cvt-text-NAS", "t2t-ViT")
