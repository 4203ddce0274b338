"""CvT as a whole: counts, sizes, seeds, configuration, bad input."""

from __future__ import annotations

import json

import numpy as np
import pytest

import minicvt as mc
from minicvt import models
from minicvt.accounting import count, parameters_by_part
from minicvt.errors import (
    CheckpointError,
    DtypeError,
    OptionError,
    ShapeError,
    UnknownName,
)

TINY = {
    "dims": (8, 12),
    "depths": (1, 1),
    "heads": (1, 2),
    "embed": ((3, 2, 1), (3, 2, 1)),
    "cls": (False, True),
    "mlp_ratios": 2.0,
    "drop_path": 0.0,
    "num_classes": 5,
}


def tiny(**overrides):
    return models.build("cvt-13", **(TINY | overrides))


# Published counts would be 19.98 M, 31.54 M, 276.7 M: the paper does not count what
# its code builds. These are the official code's.
@pytest.mark.parametrize(
    ("name", "overrides", "image", "parameters", "macs"),
    [
        ("cvt-13", {}, 224, 19_997_480, 4_566_089_216),
        ("cvt-13", {}, 384, 19_997_480, 16_269_359_616),
        ("cvt-21", {}, 224, 31_622_696, 7_177_985_024),
        ("cvt-21", {}, 384, 31_622_696, 24_849_091_584),
        ("cvt-w24", {}, 224, 277_196_392, 60_917_313_536),
        ("cvt-w24", {}, 384, 277_196_392, 194_221_654_016),
        ("cvt-13", {"kv_stride": 1}, 224, 19_997_480, 6_643_074_560),
        ("cvt-13", {"projection": "avg"}, 224, 19_855_976, 4_661_170_688),
        ("cvt-c8w", {}, 8, 37_642, 766_272),
    ],
)
def test_parameters_and_macs_are_those_of_the_official_code(
    name, overrides, image, parameters, macs
):
    with mc.shapes_only():
        model = models.build(name, **overrides)
    assert model.count_parameters() == parameters
    assert sum(parameters_by_part(model).values()) == parameters
    assert count(model, (image, image)).macs == macs


def test_shapes_only_and_execution_count_alike():
    images = np.random.default_rng(0).normal(size=(1, 21, 13, 3))
    model = tiny().eval()
    with count() as executed, mc.no_grad():
        model(images)
    by_shape = count(model, (21, 13))
    assert executed.entries == by_shape.entries
    assert executed.by("stage") == by_shape.by("stage")


@pytest.mark.parametrize("images", ["a name", [[[[0.5]]]], None])
def test_what_is_no_array_is_refused(images):
    with pytest.raises(DtypeError, match=f"got {type(images).__name__}"):
        tiny()(images)


@pytest.mark.parametrize("size", [(8, 8), (9, 14), (1, 3), (17, 5)])
@pytest.mark.parametrize("projection", ["dw_bn", "avg", "linear", "dense"])
def test_any_size_runs_forward_and_backward(size, projection):
    model = tiny(projection=projection).eval()
    images = np.random.default_rng(1).normal(size=(2, *size, 3))
    logits = model(images)
    assert logits.shape == (2, 5)
    mc.ops.cross_entropy(logits, [1, 4]).backward()
    assert all(p.grad is not None for _, p in model.named_parameters())


def test_one_image_keeps_its_batch_axis():
    assert tiny().eval()(np.zeros((1, 8, 8, 3))).shape == (1, 5)


def test_an_image_is_answered_alike_alone_and_in_a_batch():
    model = tiny(dtype="float64").eval()
    images = np.random.default_rng(2).normal(size=(3, 11, 9, 3))
    whole = model(images).numpy()
    alone = np.concatenate([model(images[i : i + 1]).numpy() for i in range(3)])
    np.testing.assert_allclose(alone, whole, rtol=0, atol=1e-13)


def test_without_a_class_token_the_mean_is_read():
    model = tiny(cls=False, dtype="float64").eval()
    with mc.no_grad(), mc.observe() as events:
        model(np.random.default_rng(3).normal(size=(2, 9, 12, 3)))
    (normed,) = [e.output for e in events if e.path == "norm" and hasattr(e, "module")]
    (head,) = [e.inputs[0] for e in events if e.path == "head" and hasattr(e, "module")]
    assert normed.shape == (2, 9, 12)
    np.testing.assert_allclose(head.numpy(), normed.numpy().mean(1), atol=1e-15)


def test_the_same_seed_gives_the_same_bits():
    first, again, other = (tiny(seed=s).state_dict() for s in (4, 4, 5))
    assert all(np.array_equal(first[k], again[k]) for k in first)
    assert not np.array_equal(first["head.weight"], other["head.weight"])


def test_drop_path_rates_grow_over_a_stage():
    with mc.shapes_only():
        model = models.build("cvt-13")
    rates = [block.drop_path.p for block in model.stage2.blocks]
    assert rates == pytest.approx([0.1 * j / 9 for j in range(10)])


def test_training_draws_masks_and_evaluation_does_not():
    model = tiny(drop_path=0.5, dropout=0.2, depths=(1, 2))
    images = np.random.default_rng(6).normal(size=(4, 8, 8, 3))
    assert not np.array_equal(model(images).numpy(), model(images).numpy())
    model.eval()
    assert np.array_equal(model(images).numpy(), model(images).numpy())


def test_configuration_survives_json():
    config = models.variant("cvt-c8w", projection=("dw_bn", "avg"))
    assert models.from_dict(json.loads(json.dumps(config.as_dict()))) == config


@pytest.mark.parametrize(
    ("images", "error", "message"),
    [
        (np.zeros((1, 3, 8, 8)), ShapeError, r"\(B, H, W, 3\).*from_nchw"),
        (np.zeros((8, 8, 3)), ShapeError, r"\(8, 8, 3\)"),
        (np.zeros((1, 8, 8, 1)), ShapeError, r"\(1, 8, 8, 1\)"),
        (np.zeros((1, 8, 8, 3), np.uint8), DtypeError, "float32, got uint8"),
        (mc.Tensor(np.zeros((1, 8, 8, 3))), DtypeError, "float32, got float64"),
        (np.zeros((1, 0, 8, 3)), ShapeError, r"not empty, got \(1, 0, 8, 3\)"),
    ],
)
def test_images_that_do_not_fit(images, error, message):
    with pytest.raises(error, match=message):
        tiny()(images)


@pytest.mark.parametrize(
    ("overrides", "error", "message"),
    [
        ({"heads": (1, 5)}, OptionError, "5 heads do not divide dim 12"),
        ({"depths": (1, 1, 1)}, OptionError, "3 entries"),
        ({"projection": "conv"}, UnknownName, "known: avg|did you mean"),
        ({"activation": "gleu"}, UnknownName, "gelu"),
        ({"scale": "width"}, OptionError, "'width'"),
        ({"dim": (3, 4)}, UnknownName, "dims"),
        ({"dtype": "float16"}, DtypeError, "float16"),
        ({"dropout": 1.0}, OptionError, r"\[0, 1\)"),
        ({"drop_path": 1.0}, OptionError, r"\[0, 1\)"),
    ],
)
def test_options_that_do_not_fit(overrides, error, message):
    with pytest.raises(error, match=message):
        tiny(**overrides)


def test_unknown_models_get_the_nearest():
    with pytest.raises(UnknownName, match="did you mean cvt-"):
        models.build("cvt-12")


def test_signs_in_a_name_do_not_matter():
    assert models.variant("cvt13") == models.variant("cvt-13")
    assert models.variant("vit-g-14").dims != models.variant("vit-G/14").dims


def test_a_foreign_state_is_refused_before_anything_is_written():
    model = tiny()
    before = model.state_dict()
    state = tiny(seed=9).state_dict()
    state["stage1.cls_tokens"] = state.pop("stage1.cls_token")
    with pytest.raises(CheckpointError, match=r"cls_tokens, near stage1\.cls_token"):
        model.load_state_dict(state)
    assert all(np.array_equal(before[k], v) for k, v in model.state_dict().items())
