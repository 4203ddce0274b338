"""gradcheck over the registry, on wrong gradients, and on people's own functions."""

from __future__ import annotations

from random import Random
from typing import Any

import numpy as np
import pytest

from minicvt import Tensor, nn, ops
from minicvt.errors import (
    DtypeError,
    GraphError,
    OptionError,
    ShapeError,
    UnknownName,
    WrongGradient,
)
from minicvt.nn import MLP, Dropout, Init
from minicvt.verify import gradcheck
from minicvt.verify.gradients.differences import by_differences, ridders
from minicvt.verify.layers import LAYERS
from minicvt.verify.operations import OPERATIONS, Entry
from minicvt.verify.papers import MODELS

RNG = np.random.default_rng(0)
X, W = RNG.normal(0.3, 1, (3, 4)), RNG.normal(0.3, 1, (2, 4))


def checked(entry: Entry, seed: int, **how: Any) -> Any:
    sample = entry.smooth_sample(Random(seed))
    named = zip(entry.names(sample), sample.inputs, strict=True)
    given = {name: x for name, x in named if x is not None}
    how |= {"names": list(given), "seed": seed}
    return gradcheck(entry.call(sample), *given.values(), **how)


@pytest.mark.parametrize("entry", OPERATIONS.values(), ids=list(OPERATIONS))
def test_every_operation(entry: Entry) -> None:
    for seed in range(8):
        checked(entry, seed).check()
    for seed in range(2):
        checked(entry, seed, full=True).check()


@pytest.mark.parametrize("entry", LAYERS.values(), ids=list(LAYERS))
def test_every_layer(entry: Entry) -> None:
    checked(entry, 0, directions=1).check()


@pytest.mark.slow
@pytest.mark.parametrize("entry", MODELS.values(), ids=list(MODELS))
def test_every_paper(entry: Entry) -> None:
    checked(entry, 0, directions=1).check()


def test_operations_are_good_to_ten_digits() -> None:
    """So that the tolerance of 1e-7 is not what lets them pass."""
    reports = [checked(entry, 0) for entry in OPERATIONS.values()]
    assert max(r.worst.error for r in reports if r.worst) <= 1e-10


def layer_norm(x: Any, weight: Any, bias: Any, eps: float = 1e-5) -> Any:
    """A learner's LayerNorm, in NumPy."""
    xhat = (x - x.mean(-1, keepdims=True)) / np.sqrt(_variance(x) + eps)
    return xhat * weight + bias


def _variance(x: Any) -> Any:
    centred = x - x.mean(-1, keepdims=True)  # np.var takes |x|^2: not analytic
    return (centred * centred).mean(-1, keepdims=True)


def layer_norm_gradient(d: Any, x: Any, weight: Any, bias: Any) -> Any:
    rstd = 1 / np.sqrt(_variance(x) + 1e-5)
    xhat = (x - x.mean(-1, keepdims=True)) * rstd
    g = d * weight
    g_mean, gx_mean = g.mean(-1, keepdims=True), (g * xhat).mean(-1, keepdims=True)
    return (g - g_mean - xhat * gx_mean) * rstd, (d * xhat).sum(0), d.sum(0)


def without_gamma(d: Any, x: Any, weight: Any, bias: Any) -> Any:
    return layer_norm_gradient(d, x, np.ones_like(weight), bias)


def one_bias_forgotten(d: Any, x: Any, weight: Any, bias: Any) -> Any:
    dx, dweight, dbias = layer_norm_gradient(d, x, weight, bias)
    return dx, dweight, dbias * [1, 1, 0, 1]


NORM = (X, W[0], W[1])


@pytest.mark.parametrize("method", ["differences", "complex step"])
def test_someones_numpy_function(method: str) -> None:
    for full in (False, True):
        how = {"method": method, "full": full}
        report = gradcheck(layer_norm, *NORM, gradient=layer_norm_gradient, **how)
        assert report.ok
        assert report.check() is report
        assert report.worst.error <= (1e-14 if method == "complex step" else 1e-10)
        assert len(report.probes) == (12 + 4 + 4 if full else 9)


@pytest.mark.parametrize("full", [False, True])
def test_a_forgotten_gamma_is_named(full: bool) -> None:
    report = gradcheck(layer_norm, *NORM, gradient=without_gamma, full=full)
    assert not report.ok
    wrong = [p for p in report.probes if p.error > report.tolerance]
    assert {p.input for p in wrong} == {"x"}
    with pytest.raises(
        WrongGradient, match=r"gradcheck of layer_norm: .* x, .*expected"
    ):
        report.check()


def test_one_wrong_entry_is_found_from_a_direction() -> None:
    report = gradcheck(layer_norm, *NORM, gradient=one_bias_forgotten)
    found = [p for p in report.probes if p.error > report.tolerance]
    assert {p.along for p in found} == {
        "[2]",
        "direction 1",
        "direction 2",
        "direction 3",
    }
    entry = next(p for p in found if p.along == "[2]")
    assert (entry.input, entry.got) == ("bias", 0.0)
    assert entry.expected != 0
    for part in (
        entry.input,
        "[2]",
        f"{entry.expected:.9g}",
        "backward",
        "differences",
    ):
        assert part in str(report)


@pytest.mark.parametrize("wrong", [np.zeros_like, lambda g: np.full_like(g, np.nan)])
def test_no_gradient_at_all_is_wrong(wrong: Any) -> None:
    def gradient(d: Any, *inputs: Any) -> Any:
        dx, dweight, dbias = layer_norm_gradient(d, *inputs)
        return dx, wrong(dweight), dbias

    for full in (False, True):
        report = gradcheck(layer_norm, *NORM, gradient=gradient, full=full)
        assert report.worst.input == "weight"
        assert not report.ok


def test_two_residuals_in_series() -> None:
    """What the one NumPy CvT in public gets wrong: 15.85 where 20.72 is right."""

    def f(x: Tensor) -> Tensor:
        y = x + ops.tanh(x)
        return y + ops.tanh(y)

    assert gradcheck(f, X, full=True).worst.error <= 1e-10


def test_a_module_is_checked_by_its_parameters() -> None:
    model = MLP(4, 5, init=Init("float64", scheme="pytorch"))
    before = model.state_dict()
    report = gradcheck(model, X).check()
    names = {name for name, _ in model.named_parameters()}
    assert {p.input for p in report.probes} == {"x"} | names
    assert report.name == "gradcheck of MLP"
    for name, parameter in model.named_parameters():
        np.testing.assert_array_equal(parameter.numpy(), before[name])
        assert isinstance(parameter, nn.Parameter)
        assert parameter.grad is None


def test_a_wrong_backward_of_a_module_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    model = MLP(4, 5, init=Init("float64", scheme="pytorch"))

    class Detached(MLP):
        def forward(self, x: Tensor, grid: Any = None) -> Tensor:
            return self.fc2(self.activation(self.fc1(x)).detach()) + self.fc1(x)[:, :4]

    model.__class__ = Detached
    wrong = {p.input for p in gradcheck(model, X).probes if p.error > 1e-7}
    assert wrong == {"x", "fc1.weight", "fc1.bias"}


def test_frozen_parameters_are_no_inputs() -> None:
    model = MLP(4, 5, init=Init("float64", scheme="pytorch"))
    model.fc1.weight.requires_grad = False
    inputs = {p.input for p in gradcheck(model, X).check().probes}
    assert "fc1.weight" not in inputs
    assert "fc1.bias" in inputs


def test_dropout_is_refused_for_it_answers_otherwise_each_time() -> None:
    with pytest.raises(GraphError, match=r"two calls .* try eval\(\)"):
        gradcheck(Dropout(0.5, init=Init("float64")), X)


def test_float32_and_integers_are_refused() -> None:
    for x in (X.astype("float32"), np.arange(3)):
        with pytest.raises(DtypeError, match=f"in float64, got {x.dtype}"):
            gradcheck(ops.exp, x)


def test_shapes_of_ones_own_gradient() -> None:
    with pytest.raises(ShapeError, match=r"expected shapes \(3, 4\), got \(4, 3\)"):
        gradcheck(np.exp, X, gradient=lambda d, x: (d * np.exp(x)).T)
    with pytest.raises(ShapeError, match=r"expected shapes \(3, 4\), \(3, 4\), got"):
        gradcheck(np.add, X, X, gradient=lambda d, x, y: d)


def test_methods_have_names() -> None:
    with pytest.raises(UnknownName, match="did you mean complex step"):
        gradcheck(np.exp, X, gradient=lambda d, x: d * np.exp(x), method="complex")


def test_a_check_of_nothing_does_not_pass() -> None:
    for how in ({"directions": 0}, {"directions": -1}):
        with pytest.raises(OptionError, match="nothing to check, got 1 inputs and"):
            gradcheck(ops.exp, X, **how)
    with pytest.raises(OptionError, match="got 0 inputs"):
        gradcheck(lambda: Tensor(X))
    with pytest.raises(OptionError, match=r"expected 2 names, got 1"):
        gradcheck(ops.add, X, X, names=("x",))


@pytest.mark.parametrize("f", [lambda x: x.numpy(), lambda x: None, lambda x: ()])
def test_what_returns_no_tensor_is_told_so(f: Any) -> None:
    with pytest.raises(OptionError, match=r"should return a Tensor, got .* gradient="):
        gradcheck(f, X)


def test_the_complex_step_is_for_numpy_functions() -> None:
    with pytest.raises(OptionError, match="takes NumPy functions: give gradient="):
        gradcheck(ops.exp, X, method="complex step")


def test_names_of_inputs() -> None:
    def join(left: Tensor, *rest: Tensor) -> Tensor:
        return ops.concatenate(left, *rest, axis=0)

    report = gradcheck(join, X, X, X)
    assert {p.input for p in report.probes} == {"left", "input 1", "input 2"}
    again = gradcheck(np.add, X, X, gradient=lambda d, x, y: (d, d))
    assert {p.input for p in again.probes} == {"x1", "x2"}
    named = gradcheck(ops.add, X, X, names=("mine", "yours"))
    assert {p.input for p in named.probes} == {"mine", "yours"}


def test_a_corner_is_told_from_a_wrong_gradient() -> None:
    at_corner = gradcheck(ops.relu, np.array([0, 1, 2.0]), full=True)
    assert not at_corner.ok  # the slopes of both sides average to a half, relu says 0
    assert (at_corner.worst.along, at_corner.worst.got) == ("[0]", 0)
    assert "has a corner" not in str(at_corner)
    jump = gradcheck(np.floor, np.array([1.0]), gradient=lambda d, x: d * 0)
    assert "has a corner or a jump nearby" in str(jump)
    near = gradcheck(ops.relu, np.array([0.01, -0.01, 3.0]), full=True)
    assert near.check().worst.error <= 1e-10


def test_the_edge_of_a_domain_is_stepped_back_from() -> None:
    gradcheck(ops.log, np.array([1e-3, 1.0, 9.0]), full=True).check()


def test_what_depends_on_nothing_or_is_empty() -> None:
    assert gradcheck(lambda x, y: ops.exp(x), X, W).ok
    assert gradcheck(lambda x: Tensor(W), X).ok
    empty = gradcheck(ops.exp, np.zeros((0, 3)))
    assert empty.ok
    assert empty.worst is None
    assert str(empty) == "gradcheck of exp: nothing to check, all inputs are empty"


def test_zero_gradients_are_zero_not_noise() -> None:
    """A softmax does not see what all its scores share."""

    def f(x: Tensor, shift: Tensor) -> Tensor:
        return ops.softmax(x + shift)

    report = gradcheck(f, X, np.array(0.7)).check()
    shift = [p for p in report.probes if p.input == "shift"]
    assert max(abs(p.got) for p in shift) <= 1e-15


def test_the_same_seed_gives_the_same_report() -> None:
    first, again, other = (gradcheck(ops.exp, X, seed=seed) for seed in (3, 3, 4))
    assert first.probes == again.probes
    assert first.probes != other.probes
    assert str(first).startswith("gradcheck of exp: all 3 agree within 1e-07\n")


def test_a_long_report_shows_the_worst() -> None:
    report = gradcheck(ops.exp, X, full=True)
    assert "and 4 more, none worse" in str(report)
    errors = [p.error for p in report.probes]
    assert errors == sorted(errors, reverse=True)


FUNCTIONS = {
    "exp": (np.exp, np.exp, 0.7),
    "sine of a large number": (np.sin, np.cos, 31.0),
    "pole nearby": (lambda x: 1 / (1.05 - x), lambda x: (1.05 - x) ** -2, 1.0),
    "steep": (lambda x: np.tanh(20 * x), lambda x: 20 / np.cosh(20 * x) ** 2, 0.03),
    "cubic": (lambda x: x**3, lambda x: 3 * x**2, -2.0),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_no_step_to_choose(name: str) -> None:
    f, derivative, x = FUNCTIONS[name]
    one = np.ones(())
    slope = by_differences(lambda x: np.asarray(f(x)), np.array(x), one, one)
    assert abs(slope.value / derivative(x) - 1) <= 1e-10
    assert slope.uncertainty <= 1e-8 * abs(slope.value)


def test_one_central_difference_has_fewer_digits() -> None:
    """Why it is extrapolated: the best single step leaves six to ten digits."""

    def difference(h: float) -> float:
        return float(np.tanh(1 + h) - np.tanh(1 - h)) / (2 * h)

    exact = 1 / np.cosh(1) ** 2
    single = min(abs(difference(10.0**-k) / exact - 1) for k in range(1, 13))
    extrapolated = abs(ridders(difference, 1 / 64).value / exact - 1)
    assert extrapolated < 0.1 * single
