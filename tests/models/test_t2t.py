"""T2T-ViT: what it costs, where its tokens are, and that it learns as a whole."""

from __future__ import annotations

from math import cos, floor, sin
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F

import minicvt as mc
from minicvt import Tensor, models, observe
from minicvt.errors import ShapeError
from minicvt.grid import Grid
from tests.models.test_variants import randomize
from tests.nn.comparing import normal
from tests.oracle import relative_error

TINY = {
    "dims": (12,),
    "depths": (2,),
    "heads": (3,),
    "mlp_ratios": 2.0,
    "stem_dim": 6,
    "num_classes": 5,
    "image": (35, 66),
}
KINDS = pytest.mark.parametrize("name", ["t2t-7", "t2t-t-14"])


def tiny(name: str = "t2t-7", **overrides: Any) -> Any:
    return models.build(name, dtype="float64", **(TINY | overrides)).eval()


# Of the official code; the last column with the two products of attention.
@pytest.mark.parametrize(
    ("name", "side", "parameters", "trainable", "macs"),
    [
        ("t2t-7", 224, 4_310_222, 4_255_694, 1_146_863_616),
        ("t2t-10", 224, 5_889_230, 5_834_702, 1_516_328_448),
        ("t2t-12", 224, 6_941_902, 6_887_374, 1_762_638_336),
        ("t2t-14", 224, 21_545_550, 21_465_806, 4_783_468_544),
        ("t2t-14", 384, 21_691_470, 21_465_806, 16_370_148_864),
        ("t2t-19", 224, 39_177_422, 39_085_070, 8_479_682_176),
        ("t2t-24", 224, 64_105_934, 64_000_974, 13_661_874_688),
        ("t2t-t-14", 224, 21_541_070, 21_465_422, 6_088_721_920),
        ("t2t-t-19", 224, 39_172_942, 39_084_686, 9_784_935_552),
        ("t2t-t-24", 224, 64_101_454, 64_000_590, 14_967_128_064),
    ],
)
def test_parameters_and_macs_are_those_of_the_official_code(
    name: str, side: int, parameters: int, trainable: int, macs: int
) -> None:
    with mc.shapes_only():
        model = models.build(name, image=(side, side))
    assert model.count_parameters() == parameters
    assert model.count_parameters(trainable=True) == trainable
    assert mc.count(model).macs == macs


# The two that the official file has beside the paper's: more heads, or wide and flat.
@pytest.mark.parametrize(
    ("overrides", "parameters", "macs"),
    [
        ({"heads": 32}, 21_545_550, 4_783_468_544),
        ({"dims": 768, "depths": 4, "heads": 12}, 25_156_302, 5_229_349_376),
    ],
)
def test_the_backbones_it_was_compared_with(
    overrides: dict[str, int], parameters: int, macs: int
) -> None:
    with mc.shapes_only():
        model = models.build("t2t-14", **overrides)
    assert (model.count_parameters(), mc.count(model).macs) == (parameters, macs)


@pytest.mark.parametrize("image", [(224, 224), (384, 224), (35, 50), (333, 127)])
def test_equation_3_says_how_many_tokens_there_are(image: tuple[int, int]) -> None:
    sides = list(image)
    for k, s, p in ((7, 3, 2), (3, 1, 1), (3, 1, 1)):
        sides = [floor((n + 2 * p - k) / (k - s) + 1) for n in sides]
    config = models.variant("t2t-14", image=image)
    assert config.grids() == [Grid(*sides, 1)]


def test_positions_are_waves_over_the_row_of_tokens_and_are_never_trained() -> None:
    model = tiny()
    table = model.stage0.pos_embed
    expected = [
        [(cos if j % 2 else sin)(p / 10000 ** (2 * (j // 2) / 12)) for j in range(12)]
        for p in range(1 + 3 * 4)
    ]
    rounded = np.array([expected]).astype("float32").astype("float64")
    np.testing.assert_array_equal(table.numpy(), rounded)
    output = model(normal(2, 35, 66, 3))
    output.backward(normal(*output.shape, seed=1))
    missing = {n for n, p in model.named_parameters() if p.grad is None}
    assert missing == {f"stem.attention{i}.w" for i in (1, 2)} | {"stage0.pos_embed"}


@KINDS
def test_gradients_are_those_of_finite_differences(name: str) -> None:
    """Along one random direction in all that is trained and in the image."""
    model = randomize(tiny(name))
    rng = np.random.default_rng(0)
    x = Tensor(normal(2, 35, 66, 3), requires_grad=True)
    output = model(x)
    cotangent = normal(*output.shape, seed=1)
    output.backward(cotangent)
    trained = [p for _, p in model.named_parameters() if p.requires_grad]
    start = [(p, p.numpy(), rng.normal(size=p.shape)) for p in trained]
    dx = rng.normal(size=x.shape)
    slope = (x.grad * dx).sum() + sum((p.grad * d).sum() for p, _, d in start)

    def value(step: float) -> float:
        for parameter, values, direction in start:
            parameter.assign(values + step * direction)
        return (model(x.numpy() + step * dx).numpy() * cotangent).sum()

    def quotient(h: float) -> float:
        return (value(h) - value(-h)) / (2 * h)

    richardson = (4 * quotient(5e-6) - quotient(1e-5)) / 3
    assert relative_error(slope, richardson) <= 1e-7


@KINDS
def test_attention_of_every_layer_can_be_seen(name: str) -> None:
    model = tiny(name)
    with observe() as events:
        model(normal(1, 35, 66, 3))
    seen = [e for e in events if getattr(e, "name", "") == "attend"]
    stem = [Grid(9, 16), Grid(5, 8)] if name == "t2t-t-14" else []
    grids = [event.options["key_grid"] for event in seen]
    assert grids == [*stem, Grid(3, 4, 1), Grid(3, 4, 1)]


def test_positions_fit_one_size_until_the_model_is_resized() -> None:
    model, larger = tiny(), normal(2, 64, 48, 3)
    with pytest.raises(ShapeError, match="positions are for 3 x 4"):
        model(larger)
    resized = model.resize((64, 48))
    table = model.stage0.pos_embed.numpy()
    places = torch.tensor(table[:, 1:].reshape(1, 3, 4, 12)).permute(0, 3, 1, 2)
    expected = F.interpolate(places, (4, 3), mode="bicubic").permute(0, 2, 3, 1)
    moved = resized.stage0.pos_embed
    np.testing.assert_array_equal(moved.numpy()[:, :1], table[:, :1])
    assert relative_error(moved.numpy()[:, 1:], expected.flatten(1, 2)) <= 1e-13
    assert not moved.requires_grad
    assert resized(larger).shape == (2, 5)
