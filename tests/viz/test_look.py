"""One observed run: what is drawn are the model's own arrays."""

from __future__ import annotations

import numpy as np
import pytest

import minicvt as mc
from minicvt import viz
from minicvt.errors import OptionError, ShapeError
from minicvt.observe import ModuleEvent
from tests.interpret.relatives import CLASSES, TINY, convolutional, image_of, tiny

RNG = np.random.default_rng(1)
SMALL = {"dims": (6, 12, 16), "depths": (1, 1, 2), "heads": (1, 2, 4)}


@pytest.fixture(scope="module")
def model():
    """Three stages, class token in the last; BatchNorm and positions not trivial."""
    built = mc.models.build("cvt-13", seed=3, num_classes=7, **SMALL)
    for name, parameter in built.named_parameters():
        if name.endswith("norm.weight") or ".bn." in name:
            noise = RNG.normal(scale=0.25, size=parameter.shape)
            parameter.assign((parameter.numpy() + noise).astype(np.float32))
    return built


@pytest.fixture(scope="module")
def image():
    return RNG.random((36, 52, 3)).astype(np.float32)


def test_stage_maps_are_what_the_modules_returned(model, image):
    model.eval()
    with mc.observe() as events, mc.no_grad():
        logits = model(image[None])
    outputs = {e.path: e.output for e in events if isinstance(e, ModuleEvent)}
    seen = viz.observed(model, image)
    assert [stage.label for stage in seen.stages] == ["stage 0", "stage 1", "stage 2"]
    for stage in seen.stages:
        token_map, _ = outputs[stage.name]
        np.testing.assert_array_equal(stage.tokens, token_map.numpy()[0])
    np.testing.assert_allclose(
        seen.probabilities, mc.ops.softmax(logits).numpy()[0], rtol=1e-6
    )


def test_attention_rows_sum_to_one_and_lie_on_their_grids(model, image):
    seen = viz.observed(model, image)
    assert [a.path for a in seen.attention] == [
        *("stage0.blocks.0.attn", "stage1.blocks.0.attn"),
        *("stage2.blocks.0.attn", "stage2.blocks.1.attn"),
    ]
    for found, heads in zip(seen.attention, (1, 2, 4, 4), strict=True):
        queries, keys = found.query_grid, found.key_grid
        assert found.weights.shape == (heads, queries.tokens, keys.tokens)
        np.testing.assert_allclose(found.weights.sum(axis=-1), 1, rtol=1e-5)
    assert (keys.special, queries.special) == (1, 1)
    assert queries.height != queries.width


def test_the_model_keeps_its_mode_and_its_statistics(model, image):
    model.train()
    before = {k: v.copy() for k, v in model.state_dict().items()}
    viz.observed(model, image)
    assert all(module.training for _, module in model.named_modules())
    for name, value in model.state_dict().items():
        np.testing.assert_array_equal(value, before[name])


def test_one_image_in_any_of_its_shapes():
    model = mc.models.build("cvt-c8w", seed=0)
    flat = RNG.random((8, 10)).astype(np.float32)
    answers = [
        viz.observed(model, given).probabilities
        for given in (flat, flat[..., None], flat[None, ..., None], mc.Tensor(flat))
    ]
    for answer in answers:
        np.testing.assert_array_equal(answer, answers[0])


def test_several_images_are_refused():
    with pytest.raises(ShapeError, match=r"one image \(H, W, C\), got \(2, 8, 8, 1\)"):
        viz.observed(None, np.zeros((2, 8, 8, 1), np.float32))


def test_blocks_are_found_from_both_ends(model, image):
    seen = viz.observed(model, image)
    assert seen.block().path == seen.block(2, 1).path == "stage2.blocks.1.attn"
    assert seen.block(-3).path == "stage0.blocks.0.attn"
    with pytest.raises(OptionError, match="stage 3: the model has 3"):
        seen.block(3)
    with pytest.raises(OptionError, match="block 1: stage0 has 1"):
        seen.block(0, 1)


SPECIAL = {
    "vit, mean": (),
    "deit, distilled": ("class token", "distillation token"),
    "cmt": (),
}


@pytest.mark.parametrize("name", TINY)
def test_every_paper_has_maps(name):
    """Of blocks alone: stems and CeiT's head attend too, over no map of tokens."""
    model = tiny(name)
    given, config = image_of(model), model.config
    seen = viz.observed(model, given)
    assert [len(stage.tokens.shape) for stage in seen.stages] == [3] * len(config.dims)
    assert seen.stages[-1].special == SPECIAL.get(name, ("class token",))
    paths = [a.path for a in seen.attention]
    assert paths == [
        f"stage{i}.blocks.{j}.attn"
        for i, depth in enumerate(config.depths)
        for j in range(depth)
    ]
    for found in seen.attention:
        np.testing.assert_allclose(found.weights.sum(axis=-1), 1, rtol=1e-5)
    assert viz.token_maps(model, given).alt.startswith("An image, and token maps of")
    figure = viz.attention(model, given, stage=0, query=(1, 0))
    assert "of token (1, 0)" in figure.alt


@pytest.mark.parametrize("name", TINY)
def test_special_tokens_ask_by_number(name):
    model = tiny(name)
    given = image_of(model)
    special = viz.observed(model, given).stages[-1].special
    for number, who in enumerate(special):
        figure = viz.attention(model, given, query=number)
        assert figure.alt.startswith(f"Attention of the {who} over")
    lacking = f"special token {len(special)}" if special else "class token"
    with pytest.raises(OptionError, match=f"no {lacking}: give "):
        viz.attention(model, given, query=len(special))


def test_layer_wise_class_attention_is_seen():
    model = tiny("ceit")
    layers = viz.observed(model, image_of(model)).layers
    assert layers.shape == (2, 3)
    np.testing.assert_allclose(layers.sum(axis=-1), 1, rtol=1e-6)
    assert viz.observed(tiny("vit"), image_of(tiny("vit"))).layers is None


def test_a_network_without_tokens_says_so():
    model = convolutional()
    given = image_of(model)
    assert viz.observed(model, given).probabilities.shape == (CLASSES,)
    with pytest.raises(OptionError, match="ResNet has no attention: nothing in it att"):
        viz.class_attention(model, given)
    with pytest.raises(OptionError, match="ResNet has no token maps: it has no stages"):
        viz.token_maps(model, given)
