"""Every breakdown of the official code, counted there by hooks and by hand.

tests/data/counts/cvt.json has multiply-adds, elements and parameters of microsoft/CvT
by type; norms.json the elements that norms of the relatives' official code put out.
"""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest

import minicvt as mc
from minicvt.accounting import Ledger, count
from tests.models.test_relatives_counts import built

FOLDER = Path(__file__).parents[1] / "data" / "counts"


def facts(name: str) -> dict[str, Any]:
    return json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))


CVT, NORMS = facts("cvt"), facts("norms")


@cache
def counted(case: str) -> tuple[Any, Ledger]:
    """Build "cvt-13@224" and count it."""
    name, side = case.split("@")
    with mc.shapes_only():
        model = mc.models.build(name, image=(int(side), int(side)))
    return model, count(model)


def total(ledger: Ledger, quantity: str, kind: str, within: str) -> int:
    """Sum one quantity of one kind of operation, in modules that match."""
    return sum(
        entry.amount(quantity)
        for entry in ledger.entries
        if entry.operation == kind and re.search(within, entry.path)
    )


TYPES = {
    "embed_conv": ("macs", "conv2d", "patch_embed"),
    "bias_embed": ("additions", "conv2d", "patch_embed"),
    "ln_elems": ("normalised", "layer_norm", ""),
    "dw_q": ("macs", "depthwise_conv2d", "conv_proj_q"),
    "dw_kv": ("macs", "depthwise_conv2d", "conv_proj_[kv]"),
    "bn_elems": ("normalised", "batch_norm_eval", "conv_proj_"),
    "pw_q": ("macs", "linear", r"attn\.proj_q"),
    "pw_kv": ("macs", "linear", r"attn\.proj_[kv]"),
    "bias_qkv": ("additions", "linear", r"attn\.proj_[qkv]"),
    "softmax_elems": ("softmax", "attend", "attn$"),
    "attn_proj": ("macs", "linear", r"attn\.proj$"),
    "bias_attn_proj": ("additions", "linear", r"attn\.proj$"),
    "mlp": ("macs", "linear", "mlp"),
    "gelu_elems": ("activations", "quick_gelu", "mlp"),
    "bias_mlp": ("additions", "linear", "mlp"),
    "head": ("macs", "linear", "head"),
    "bias_head": ("additions", "linear", "head"),
}
"""Their types: which quantity of which operation, and where."""

PARAMETERS = {
    "conv2d": ("embed_conv_w", "embed_conv_b"),
    "layer_norm": ("embed_ln", "block_ln", "final_ln"),
    "depthwise_conv2d": ("dw_conv",),
    "batch_norm_eval": ("bn",),
    "linear": (
        *("qkv_w", "qkv_b", "attn_proj_w", "attn_proj_b"),
        *("mlp_w", "mlp_b", "head_w", "head_b"),
    ),
    "concatenate": ("cls_token",),
}
"""Their types of parameters, by the operation that uses them here."""


@pytest.mark.parametrize("case", CVT)
def test_every_type_of_work_is_that_of_the_official_code(case: str):
    _, ledger = counted(case)
    found = {name: total(ledger, *where) for name, where in TYPES.items()}
    products = total(ledger, "macs", "attend", "attn$")
    found |= {"attn_qk": products // 2, "attn_av": products // 2}
    assert found == CVT[case]["work"]
    macs = [name for name, (quantity, *_) in TYPES.items() if quantity == "macs"]
    assert ledger.macs == products + sum(found[name] for name in macs)


@pytest.mark.parametrize("case", CVT)
def test_every_type_of_parameter_is_that_of_the_official_code(case: str):
    model, ledger = counted(case)
    theirs = CVT[case]["parameters"]
    assert set(theirs) == {name for names in PARAMETERS.values() for name in names}
    assert ledger.by("kind", "parameters") == {
        kind: sum(theirs[name] for name in names) for kind, names in PARAMETERS.items()
    }
    assert ledger.total("parameters") == model.count_parameters()


@pytest.mark.parametrize("row", NORMS)
def test_norms_are_those_of_the_official_code_but_for_tokens_nobody_reads(row: str):
    """ViT, DeiT, PVT and T2T normalise all tokens at the end, and read the first."""
    model = built(row)
    found = count(model).total("normalised")
    paper, grid = model.config.paper, model.config.grids()[-1]
    idle = grid.places * model.config.dims[-1]
    assert NORMS[row] - found == (idle if paper in ("vit", "deit", "pvt", "t2t") else 0)
