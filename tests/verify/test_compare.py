"""compare: what it takes, what it says of a place, and what it leaves alone."""

from __future__ import annotations

import numpy as np
import pytest

import minicvt as mc
from minicvt.errors import OptionError
from minicvt.kernels import use
from minicvt.models import build
from minicvt.verify import Recording, compare
from minicvt.verify.microscope.comparison import SAME
from minicvt.verify.microscope.difference import UNKNOWN
from minicvt.verify.microscope.equations import equation_of
from minicvt.verify.microscope.recording import module_path, numberless, record, within
from minicvt.verify.microscope.twin import twin
from tests.models.fixtures import fixture
from tests.models.mistaking import configured, doing, each, times
from tests.verify import causes
from tests.verify.planting import weighed

SMALL = {"dims": (12, 20), "heads": (1, 2), "depths": (1, 2), "dtype": "float64"}


def model(seed=0, **changes):
    return weighed(build("cvt-c8w", **(SMALL | changes)), seed).eval()


def images(seed=1, channels=1):
    return np.random.default_rng(seed).normal(size=(2, 8, 10, channels))


def test_a_model_beside_itself_has_no_difference():
    made = compare(model(), model(), images())
    assert (made.agree, made.cause, made.explained, made.first) == (
        True,
        SAME,
        True,
        None,
    )
    assert made.gradients == len(list(model().named_parameters())) + 1
    assert str(made) == f"no difference in {made.counted}"


def test_the_place_has_module_operation_equation_and_size():
    made = compare(model(), configured(activation="gelu_tanh")(model()), images())
    place = made.first.place
    assert place.path == "stage0.blocks.0.mlp.drop"
    assert place.after == "stage0.blocks.0.mlp.fc1"
    assert place.operations == "gelu_tanh where ours runs gelu"
    assert place.equation == "x = x + MLP(LN(x))"
    assert 1e-5 < place.relative < 1e-2
    for said in (*place[:5], causes.TANH, "nothing else differs"):
        assert said in str(made)


def test_options_of_an_operation_that_differ_are_said():
    made = compare(model(), configured(norm_eps=1e-3)(model()), images())
    assert made.first.place.operations == "layer_norm with eps 0.001, ours 1e-05"


def test_sizes_are_those_of_the_results():
    right, other = model(), times(1.5, "stage0.patch_embed.norm.bias")(model())
    both = [record(m, images()).points for m in (right, other)]
    ours, theirs = (points["stage0.patch_embed.norm"] for points in both)
    place = compare(right, other, images()).first.place
    assert place.difference == pytest.approx(np.abs(ours - theirs).max())
    assert place.relative == pytest.approx(place.difference / np.abs(ours).max())


def test_results_by_path_will_do():
    """As from another language, or a file: the fewer, the coarser the place."""
    right, other = model(), configured(scale="head_dim")(model())
    points = record(twin(other), images()).points
    some = {path: points[path] for path in ("stage0", "stage1", "")}
    made = compare(right, some, images())
    assert (made.first.place.path, made.results) == ("stage1", 3)
    assert made.causes == ["the scale is head_dim^-0.5"]


@pytest.mark.slow
def test_the_answer_alone_will_do():
    """Then every detail of the whole model is tried: minicvt check does so too."""
    right, other = model(), configured(scale="head_dim")(model())
    alone = compare(right, {"": other(images()).numpy()}, images())
    assert alone.causes == ["the scale is head_dim^-0.5"]
    assert alone.counted == "the answer"


def test_the_official_results_of_the_inside_name_the_activation():
    """Ours with exact GELU, beside what the fixture holds of the official inside."""
    official = fixture("a1_dwbn")
    found = {
        k.removeprefix("eval/"): v
        for k, v in official.values.items()
        if k.startswith("eval/stage")
    }
    points = {}
    for i in range(3):
        points[f"stage{i}.patch_embed"] = mc.from_nchw(found[f"stage{i}/embed"])
        points[f"stage{i}.blocks.0.attn"] = found[f"stage{i}/block0/attn_out"]
        points[f"stage{i}"] = mc.from_nchw(found[f"stage{i}/map"])
    exact = configured(activation="gelu")(official.model().eval())
    made = compare(exact, points, official.images())
    assert made.first.place.after == "stage0.blocks.0.attn"
    assert made.causes == ["the activation is QuickGELU, x sigmoid(1.702 x)"]
    assert made.explained


def test_a_recording_brings_gradients():
    right = model()
    made = record(twin(right), images())
    cotangent = np.ones_like(made.points[""])
    nothing = {name: np.zeros(p.shape) for name, p in right.named_parameters()}
    wrong = Recording(made.points, nothing, cotangent)
    found = compare(right, wrong, images())
    assert found.first.direction == "backward"
    assert found.cause.startswith("no gradient arrives at")


def test_both_models_stay_as_they_are():
    right, other = (model(drop_path=(0.2, 0.5)).train() for _ in range(2))
    before = [m.state_dict() for m in (right, other)]
    states = [g.bit_generator.state for g in right.generators().values()]
    compare(right, configured(activation="relu")(other), images())
    compare(right, other, images())
    for m, state in zip((right, other), before, strict=True):
        after = m.state_dict()
        assert all(np.array_equal(after[name], state[name]) for name in state)
        assert all(p.grad is None for _, p in m.named_parameters())
        assert m.training
    assert [g.bit_generator.state for g in right.generators().values()] == states


def test_training_mode_is_compared_as_it_is():
    right, other = (model(drop_path=(0.0, 0.5)).train() for _ in range(2))
    assert compare(right, other, images()).agree
    made = compare(right, other.eval(), images())
    assert made.cause == UNKNOWN or "BatchNorm" in made.cause


def test_dead_code_is_told_from_what_is_read():
    """The last query's convolution does not reach a class token."""
    other = times(2, "stage1.blocks.1.attn.conv_proj_q.conv")(model())
    made = compare(model(), other, images())
    assert made.first.place.path == "stage1.blocks.1.attn.conv_proj_q.conv"
    assert made.dead
    assert "nobody reads what differs" in str(made)


def test_a_difference_in_shape_is_one():
    made = compare(model(), configured(cls=False)(model()), images())
    assert made.first.place.difference == np.inf
    assert "by their shapes" in str(made)
    assert made.causes == ["there is no class token"]


def test_what_all_blocks_have_otherwise_is_one_difference():
    """Their norms, and neither those of the embeddings nor the last."""
    other = model()
    for path, part in other.named_modules():
        if path.endswith(("norm1", "norm2")):
            part.eps = 1e-6
    made = compare(model(), other, images())
    assert made.causes == ["LayerNorm's eps is 1e-06"]
    assert made.explained
    assert len(made.first.reasons[0].places) == 6


def test_two_mistakes_are_found_one_behind_the_other():
    other = configured(scale="head_dim")(model())
    made = compare(model(), each(mc.nn.LayerNorm, eps=1e-6)(other), images())
    assert made.causes == ["LayerNorm's eps is 1e-06", "the scale is head_dim^-0.5"]
    assert made.explained


def test_a_named_mistake_before_an_unknown_one():
    other = configured(norm_eps=1e-6, embed_eps=1e-6)(model())
    made = compare(model(), times(1.01, "head.")(other), images())
    assert made.causes == ["LayerNorm's eps is 1e-06", UNKNOWN]
    assert not made.explained
    assert made.first.reasons[0].then == "head"


def test_float32_sees_less_and_says_nothing_false():
    right = model(dtype="float32")
    assert compare(right, twin(right), images()).agree
    with use("numpy"):
        points = record(twin(right), images()).points
    assert compare(right, points, images()).agree
    other = configured(activation="relu")(model(dtype="float32"))
    assert compare(right, other, images()).cause == "the activation is ReLU"


def test_a_tolerance_may_be_given():
    other = configured(activation="gelu_tanh")(model())
    assert compare(model(), other, images(), tolerance=0.1).agree


def test_what_is_no_model_raises():
    with pytest.raises(OptionError, match="expected a model or its results, got int"):
        compare(model(), 3, images())


def test_results_that_are_not_ours_do_not_agree():
    for strange, named in (({}, "none"), ({"stage9": images()}, "'stage9'")):
        with pytest.raises(OptionError, match=f"by paths of our model, got {named}"):
            compare(model(), strange, images())
    with pytest.raises(OptionError, match="a model of ours first, got dict"):
        compare({}, model(), images())


@pytest.mark.parametrize("paper", ["cvt", "vit", "deit", "pvt", "t2t", "cmt", "ceit"])
def test_every_part_of_every_paper_has_an_equation(paper):
    small = build(f"{paper}-digits16", dtype="float64").eval()
    made = record(small, np.zeros((1, 16, 16, 1)))
    paths = {module_path(point) for point in made.points}
    missing = {path for path in paths if not equation_of(paper, path)}
    assert missing <= {"stem"}  # where there is none


def test_a_twin_shares_values_and_nothing_else():
    right = model(drop_path=(0.0, 0.5))
    doing(mc.nn.MLP, describe=lambda part: "mine")(right)
    copy = twin(right)
    ours, theirs = dict(right.named_parameters()), dict(copy.named_parameters())
    assert ours.keys() == theirs.keys()
    for name, parameter in ours.items():
        assert theirs[name] is not parameter
        assert theirs[name].data is parameter.data
    assert copy.stage0.blocks[0].mlp.describe.__self__ is copy.stage0.blocks[0].mlp
    assert np.array_equal(copy(images()).numpy(), right(images()).numpy())


def test_paths_lie_within_their_scope():
    assert within("stage1.blocks.0", "stage1")
    assert within("stage1[1]", "stage1")
    assert not within("stage10", "stage1")
    assert within("anything", "")
    assert numberless("stage2.blocks.10.mlp.fc1") == "stage.blocks.mlp.fc1"
