"""A model for another size of image: each paper's resampling, or an error that says so.

ViT's is scipy's zoom, DeiT's, T2T-ViT's and CeiT's PyTorch's bicubic, both before
fine-tuning; PVT's is PyTorch's bilinear, in every forward pass.
"""

from __future__ import annotations

import numpy as np
import pytest
import torch

import minicvt as mc
from minicvt.errors import ShapeError
from tests.nn.test_resampling import interpolated, zoomed
from tests.oracle import relative_error

OLD, NEW = (16, 16), (24, 40)
METHODS = {"vit": "zoom", "deit": "bicubic", "t2t": "bicubic", "ceit": "bicubic",
           "pvt": "bilinear"}  # fmt: skip


def model(paper):
    """Build the small one, its tables and everything else drawn anew."""
    made = mc.models.build(f"{paper}-digits16", dtype="float64").eval()
    rng = np.random.default_rng(0)
    for _, parameter in made.named_parameters():
        parameter.assign(rng.normal(size=parameter.shape) * 0.3)
    return made


def images(size):
    return np.random.default_rng(1).normal(size=(2, *size, 1))


def resampled(table, old, new, method):
    """Resize (1, n + H W, C) with scipy or PyTorch; the n special rows stay."""
    if method == "zoom":
        return zoomed(table, old, new)
    return interpolated(torch.from_numpy(table), old, new, method).numpy()


@pytest.mark.parametrize(("paper", "method"), METHODS.items())
def test_tables_are_resampled_as_the_paper_does_and_nothing_else_changes(paper, method):
    old = model(paper)
    before = {name: p.numpy().copy() for name, p in old.named_parameters()}
    new = old.resize(NEW)
    frozen = {name for name, p in old.named_parameters() if not p.requires_grad}
    assert {n for n, p in new.named_parameters() if not p.requires_grad} == frozen
    stages = dict(enumerate(zip(old.config.grids(), new.config.grids(), strict=True)))
    tables = {f"stage{i}.pos_embed": grids for i, grids in stages.items()}
    for name, parameter in new.named_parameters():
        expected = before[name]
        if name in tables:
            expected = resampled(expected, *tables.pop(name), method)
        assert relative_error(parameter.numpy(), expected) <= 1e-14, name
    assert not tables
    assert (old.config.image, new.config.image) == (OLD, NEW)
    assert not new.training
    assert new(images(NEW)).shape == (2, 10)
    assert all((p.numpy() == before[n]).all() for n, p in old.named_parameters())


def test_pvt_resamples_as_it_runs():
    old = model("pvt")
    found, expected = old(images(NEW)).numpy(), old.resize(NEW)(images(NEW)).numpy()
    assert relative_error(found, expected) <= 1e-13


@pytest.mark.parametrize("times", [1, 2])
def test_pvt_at_the_size_it_was_trained_for_and_at_twice_that(times):
    """Twice fails in the official code: its test is whether places are as many."""
    height, width = (times * side for side in OLD)
    assert model("pvt")(images((height, width))).shape == (2, 10)


@pytest.mark.parametrize("paper", ["cvt", "resnet"])
def test_without_tables_any_size_will_do(paper):
    made = mc.models.build(f"{paper}-digits16", dtype="float64").eval()
    assert made(images(NEW)).shape == (2, 10)


def test_what_is_for_one_size_until_it_is_resized_says_so():
    says = r"positions are for 4 x 4 tokens, this image gives 6 x 10; model\.resize"
    with pytest.raises(ShapeError, match=says):
        model("vit")(images(NEW))


def test_what_is_for_one_size_for_good_says_so():
    cmt = model("cmt")
    says = (
        "the bias of scores is for 4 x 4 tokens, this image gives 6 x 10; this model "
        "is for images of 16 x 16"
    )
    with pytest.raises(ShapeError, match=says):
        cmt(images(NEW))
    with pytest.raises(ShapeError, match=r"stage 0 has a bias .* which fits no other"):
        cmt.resize(NEW)
    found, expected = cmt.resize(OLD)(images(OLD)), cmt(images(OLD))
    np.testing.assert_array_equal(found.numpy(), expected.numpy())
