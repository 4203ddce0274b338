"""The paper's ablations: their counts, their positions, their sharing."""

from __future__ import annotations

import json

import numpy as np
import pytest

import minicvt as mc
from minicvt import models
from minicvt.accounting import count
from minicvt.errors import OptionError, ShapeError, UnknownName
from tests.models.test_cvt import tiny
from tests.oracle import relative_error

PATCHES = ((4, 4, 0), (2, 2, 0), (2, 2, 0))
CONV, LINEAR = "dw_bn", "linear"


def counted(name, image=224, **overrides):
    with mc.shapes_only():
        model = models.build(name, **overrides)
    return model.count_parameters(), count(model, (image, image)).macs


# Counted on the official code, patched where it crashes (all linear); rows of the
# paper's tables 5, 6 and 8, and the smallest of its search space. The last, with the
# standard convolutions of section 3.2.2, is by hand: s^2 C^2 (HW + 2 H_k W_k) a block.
@pytest.mark.parametrize(
    ("overrides", "parameters", "macs"),
    [
        ({"positions": "every"}, 20_424_360, 4_566_089_216),
        ({"positions": "last"}, 19_997_480 + 75_648, 4_566_089_216),
        ({"positions": "first"}, 19_997_480 + 56 * 56 * 64, 4_566_089_216),
        ({"embed": PATCHES}, 19_561_064, 4_425_797_120),
        ({"embed": PATCHES, "positions": "every"}, 19_987_944, 4_425_797_120),
        ({"projection": (CONV, LINEAR, LINEAR)}, 19_858_088, 5_648_536_064),
        ({"projection": (CONV, CONV, LINEAR)}, 19_870_760, 5_211_854_336),
        ({"projection": LINEAR}, 19_855_976, 6_609_205_760),
        ({"projection": "avg"}, 19_855_976, 4_661_170_688),
        ({"mlp_ratios": 2, "kv_stride": 2}, 13_779_368, 3_121_544_704),
        ({"projection": "dense"}, 57_113_192, 8_865_093_632),
    ],
)
def test_ablations_of_cvt_13(overrides, parameters, macs):
    assert counted("cvt-13", **overrides) == (parameters, macs)


# One convolution for q, k and v saves 22 C parameters a block: then the paper's
# printed sizes come out (19.98, 31.54 with positions in the last stage; 276.7 M).
@pytest.mark.parametrize(
    ("name", "positions", "parameters"),
    [
        ("cvt-13", "last", 19_978_792),
        ("cvt-21", "last", 31_544_872),
        ("cvt-w24", "none", 276_703_592),
    ],
)
def test_one_convolution_for_all_three(name, positions, parameters):
    assert counted(name, positions=positions, shared="qkv")[0] == parameters


def randomize(model, seed=0):
    """Give every parameter and buffer values that nothing cancels."""
    rng = np.random.default_rng(seed)
    state = model.state_dict()
    for name, value in state.items():
        if value.dtype.kind == "f":
            positive = name.endswith("running_var") or value.ndim == 1
            noise = rng.uniform(0.5, 1.5, value.shape) if positive else 0
            state[name] = value * 3 + noise
    model.load_state_dict(state)
    return model


@pytest.mark.parametrize("shared", ["kv", "qkv"])
def test_sharing_is_having_the_same_weights(shared):
    ours = randomize(tiny(shared=shared, dtype="float64", depths=(1, 2))).eval()
    apart = tiny(dtype="float64", depths=(1, 2)).eval()
    state = ours.state_dict()

    def source(name):
        """Where a tensor of the model with three convolutions comes from."""
        for part in shared:
            name = name.replace(f"conv_proj_{part}.", f"conv_proj_{shared}.")
        return name

    apart.load_state_dict({name: state[source(name)] for name in apart.state_dict()})
    images = np.random.default_rng(1).normal(size=(2, 19, 14, 3))
    assert relative_error(ours(images).numpy(), apart(images).numpy()) <= 1e-12


@pytest.mark.parametrize(
    ("positions", "names"),
    [
        ("none", []),
        ("first", ["stage0.pos_embed"]),
        ("last", ["stage1.pos_embed"]),
        ("every", ["stage0.pos_embed", "stage1.pos_embed"]),
    ],
)
def test_positions_are_where_they_should_be(positions, names):
    model = tiny(positions=positions, image=(12, 20), dtype="float64")
    shapes = {k: v.shape for k, v in model.state_dict().items() if "pos_" in k}
    assert list(shapes) == names
    sizes = {"stage0.pos_embed": (1, 60, 8), "stage1.pos_embed": (1, 1 + 15, 12)}
    assert shapes == {name: sizes[name] for name in names}
    images = np.random.default_rng(2).normal(size=(2, 12, 20, 3))
    mc.ops.cross_entropy(model(images), [1, 4]).backward()
    gradients = {k: p.grad for k, p in model.named_parameters() if k in names}
    assert all(np.abs(g).min() > 0 for g in gradients.values())


def first_tokens(model):
    """What the first block of the last stage is given, for a black image."""
    with mc.no_grad(), mc.observe() as events:
        model(np.zeros((1, 12, 20, 3)))
    blocks = (e for e in events if e.path == "stage1.blocks.0")
    return next(e.inputs[0].numpy() for e in blocks if hasattr(e, "module"))


def test_positions_are_added_to_tokens_and_class_token():
    model = tiny(positions="last", image=(12, 20), dtype="float64").eval()
    plain = tiny(dtype="float64").eval()
    state = model.state_dict()
    positions = state.pop("stage1.pos_embed")
    plain.load_state_dict(state)
    added = first_tokens(model) - first_tokens(plain)
    np.testing.assert_allclose(added, positions, atol=1e-15)


def test_positions_fit_one_size():
    model = tiny(positions="last", image=(12, 20))
    says = (
        "are for 3 x 5 tokens, this image gives 5 x 3; this model is for images of 12"
    )
    with pytest.raises(ShapeError, match=says):
        model(np.zeros((1, 20, 12, 3)))
    assert tiny()(np.zeros((1, 20, 12, 3))).shape == (1, 5)


@pytest.mark.parametrize(
    ("overrides", "error", "message"),
    [
        ({"positions": "middle"}, UnknownName, "every"),
        ({"shared": "kq"}, UnknownName, "sharing"),
        ({"shared": "kv", "projection": "avg"}, OptionError, "needs 'dw_bn'"),
        ({"drop_path_rule": "lineer"}, UnknownName, "linear"),
        ({"init": "truncnorm"}, UnknownName, "trunc_norm"),
    ],
)
def test_options_that_do_not_fit(overrides, error, message):
    with pytest.raises(error, match=message):
        tiny(**overrides)


def test_configuration_survives_json():
    config = models.variant("cvt-13", positions="first", shared="kv", dialect="hf")
    assert models.from_dict(json.loads(json.dumps(config.as_dict()))) == config
