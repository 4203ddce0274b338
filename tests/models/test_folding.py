"""A folded model has the answers of the one it was made of, and fewer operations."""

from __future__ import annotations

import numpy as np
import pytest

import minicvt as mc
from minicvt.errors import FoldedError, GraphError
from minicvt.models.folding import equations
from minicvt.models.folding.pairs import pairs
from minicvt.nn import BatchNorm2d, Conv2d, Init, Linear
from tests.nn.comparing import normal
from tests.oracle import relative_error

MOST = {"float64": 1e-12, "float32": 1e-5}
SMALL = {"dims": (12, 24), "depths": (1, 2), "heads": (1, 3)}
LEFF = {"ffn": "leff", "ffn_kernel": 5}
MODELS = {
    "cvt-c8w": {},
    "cvt-rgb32": {"cls": (False, True, True)},
    "cvt-c8w, no class token": SMALL | {"cls": False},
    "cvt-c8w, class tokens everywhere": SMALL | {"cls": True},
    "cvt-c8w, shared kv": SMALL | {"shared": "kv"},
    "cvt-c8w, shared qkv": SMALL | {"shared": "qkv"},
    "cvt-c8w, mixed": SMALL | {"projection": ("avg", "dense")},
    "cvt-c8w, linear": SMALL | {"projection": "linear", "kv_stride": 1},
    "cvt-c8w, no biases": SMALL | {"qkv_bias": False, "scale": "head_dim"},
    "cvt-c8w, LeFF": SMALL | LEFF,
    "cvt-c8w, LeFF without norms": SMALL | LEFF | {"ffn_norm": False},
    "vit-digits16": {"representation": 7},
    "deit-digits16": {},
    "deit-digits16, CMT's stem": {"stem": "cmt"},
    "t2t-digits16": {},
    "t2t-digits16, transformers": {"stem": "t2t_transformer", "qkv_bias": True},
    "pvt-digits16": {},
    "pvt-digits16, depthwise": {"projection": "dw_sr"},
    "ceit-digits16": {},
    "cmt-digits16": {},
    "cmt-digits16, narrow q and k": {"qk_ratio": 2, "cls": True},
    "resnet-digits16": {},
    "resnet-digits16, first": {"stride_in": "conv1", "stem": "cifar"},
}
every = pytest.mark.parametrize("name", MODELS)


def remembered(name, dtype="float64", image=(18, 22)):
    """Build a model whose biases, norms and statistics are no special case."""
    variant = name.partition(",")[0]
    model = mc.models.build(variant, dtype=dtype, image=image, **MODELS[name])
    state = model.state_dict()
    for position, (key, value) in enumerate(sorted(state.items())):
        noise = normal(*value.shape, seed=position)
        if key.endswith("running_var"):
            state[key] = noise**2 + 0.3
        elif value.ndim == 1:
            state[key] = noise
        elif value.dtype.kind == "f":
            state[key] = 2 * value + noise / 20
    model.load_state_dict(state)
    return model.eval()


def images(model, count=2, seed=0):
    shape = (count, *model.config.image, model.config.in_chans)
    return normal(*shape, seed=seed).astype(model.dtype)


def forward(model, x):
    with mc.no_grad():
        return model(x).numpy()


@pytest.mark.parametrize("dtype", MOST)
@every
def test_the_answers_are_the_same(name, dtype):
    model = remembered(name, dtype)
    x, before = images(model), model.state_dict()
    expected, folded = forward(model, x), model.fold()
    found = forward(folded, x)
    assert found.dtype == dtype
    assert relative_error(found, expected) <= MOST[dtype]
    np.testing.assert_array_equal(forward(model, x), expected)
    after = model.state_dict()
    assert all((after[key] == value).all() for key, value in before.items())


@every
def test_there_is_less_to_do(name):
    model = remembered(name)
    before, after = mc.count(model), mc.count(model.fold())
    units = ("additions", "normalised")
    assert after.macs == before.macs
    assert len(after.entries) <= len(before.entries)
    if name not in ("t2t-digits16", "cvt-c8w, LeFF without norms"):
        less = [sum(map(ledger.total, units)) for ledger in (after, before)]
        if "resnet" in name:  # for each BatchNorm that goes, biases are added
            less = [len(ledger.entries) for ledger in (after, before)]
        assert less[0] < less[1]


@pytest.mark.parametrize("size", [(17, 30), (33, 21)])
def test_at_any_size_with_and_without_class_tokens(size):
    for name in ("cvt-rgb32", "cvt-c8w, no class token", "cmt-digits16"):
        model = remembered(name, image=size)
        x = images(model, 3)
        folded = model.fold()
        assert relative_error(forward(folded, x), forward(model, x)) <= 1e-12


LEFT = {
    "cmt-digits16": ("stem.bn1", "stem.bn2", "mlp.bn1", "mlp.bn1"),
    "cmt-digits16, narrow q and k": ("stem.bn1", "stem.bn2", "mlp.bn1", "mlp.bn1"),
    "deit-digits16, CMT's stem": ("stem.bn1", "stem.bn2"),
}
"""Between an activation and a convolution that pads."""


@every
def test_no_other_batch_norm_is_left(name):
    modules = remembered(name).fold().named_modules()
    left = [path for path, module in modules if isinstance(module, BatchNorm2d)]
    ends = [".".join(path.split(".")[-2:]) for path in left]
    assert tuple(ends) == LEFT.get(name, ())


def test_all_that_was_folded_is_listed():
    folded = remembered("cvt-c8w").fold()
    first = "stage0.blocks.0.attn"
    assert (f"{first}.conv_proj_q.bn", "BatchNorm into Conv2d") in folded.folded
    assert (f"{first}.conv_proj_k", "shift into the Linear behind") in folded.folded
    assert (first, "scale into q") in folded.folded
    assert len(folded.folded) == 2 * (3 + 3 + 3)
    assert "FoldedCvT" in repr(folded)
    assert "6 x BatchNorm into Conv2d; 6 x shift into" in repr(folded)


def test_what_can_no_longer_be_done_says_so(tmp_path):
    folded = remembered("cvt-c8w").fold()
    says = "cvt-c8w is folded, for inference only: no "
    with pytest.raises(FoldedError, match=says + r"train\(\)"):
        folded.train()
    for keep in (folded.state_dict, lambda: mc.save(folded, tmp_path / "folded")):
        with pytest.raises(FoldedError, match=says + r"state_dict\(\) or saving"):
            keep()
    with pytest.raises(FoldedError, match=says + "load_state_dict"):
        folded.load_state_dict({})
    assert not list(tmp_path.iterdir())
    assert folded.eval() is folded
    assert folded.fold() is folded


def test_a_model_without_values_is_not_folded():
    with mc.shapes_only():
        model = mc.models.build("cvt-13")
    with pytest.raises(GraphError, match="no values"):
        model.fold()


def test_the_model_can_be_trained_on_and_the_folded_one_stays():
    model = remembered("cvt-c8w")
    x, folded = images(model), model.fold()
    before = forward(folded, x)
    model.train()
    mc.ops.cross_entropy(model(x), [1, 2]).backward()
    mc.train.AdamW(model.named_parameters(), lr=0.1).step()
    assert relative_error(forward(model.eval(), x), before) > 1e-2
    np.testing.assert_array_equal(forward(folded, x), before)


def test_gradients_by_the_image_are_the_same_and_parameters_have_none():
    model = remembered("cvt-c8w")
    gradients = []
    for each in (model, model.fold()):
        x = mc.Tensor(images(model), requires_grad=True)
        logits = each(x)
        logits.backward(normal(*logits.shape, seed=9))
        gradients.append(x.grad)
    assert relative_error(gradients[1], gradients[0]) <= 1e-11
    assert not any(p.requires_grad for _, p in each.named_parameters())


def test_attention_maps_are_the_same():
    model = remembered("cvt-rgb32")
    maps = []
    for each in (model, model.fold()):
        with mc.no_grad(), mc.observe() as events:
            each(images(model))
        seen = [e for e in events if getattr(e, "name", "") == "attend"]
        maps.append([mc.ops.attention_map(event) for event in seen])
    assert len(maps[0]) == 4
    for found, expected in zip(*maps, strict=True):
        assert relative_error(found, expected) <= 1e-11


def test_predict_and_evaluation_take_a_folded_model():
    model = remembered("cvt-c8w")
    x, folded = images(model, 5), model.fold()
    expected = mc.predict(model, x, batch_size=2)
    assert relative_error(mc.predict(folded, x, batch_size=2), expected) <= 1e-12


def test_only_a_layer_that_is_read_by_nothing_else_is_followed():
    model = remembered("ceit-digits16")
    found = dict(pairs(model))
    assert found["stem.conv"] == "stem.bn"
    assert found["stage0.blocks.0.mlp.fc1"] == "stage0.blocks.0.mlp.bn1"
    assert "stage0.blocks.0.norm1" not in found  # q, k and v read it


def test_the_equations_on_single_layers():
    bn, init = BatchNorm2d(4, init=Init("float64")), Init("float64", seed=1)
    bn.weight.assign(normal(4, seed=1))
    bn.bias.assign(normal(4, seed=2))
    bn.running_mean, bn.running_var = normal(4, seed=3), normal(4, seed=4) ** 2
    bn.eval()
    x = mc.Tensor(normal(2, 5, 6, 4))
    for layer in (
        Linear(4, 4, init=init),
        Linear(4, 4, bias=False, init=init),
        Conv2d(4, 4, 3, 2, 1, init=init),
        Conv2d(4, 4, 3, padding=1, groups=4, bias=False, init=init),
    ):
        expected = bn(layer(x)).numpy()
        equations.normalise_after(layer, bn)
        assert relative_error(layer(x).numpy(), expected) <= 1e-14
    for layer in (Linear(4, 3, init=init), Conv2d(4, 6, (2, 3), init=init)):
        assert equations.takes_shifts(layer)
        expected = layer(bn(x)).numpy()
        equations.normalise_before(layer, bn)
        assert relative_error(layer(x).numpy(), expected) <= 1e-14
    for layer in (Conv2d(4, 4, 3, padding=1, init=init), bn):
        assert not equations.takes_shifts(layer)
