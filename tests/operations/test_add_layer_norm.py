"""A sum and its LayerNorm in one pass are what they are apart, wherever one looks."""

from __future__ import annotations

from collections.abc import Callable
from types import MethodType
from typing import Any

import numpy as np
import pytest

from minicvt import Tensor, kernels, no_grad, observe, ops
from minicvt.accounting import count
from minicvt.blank import Blank
from minicvt.errors import DtypeError, ShapeError
from minicvt.grid import Grid
from minicvt.nn import MLP, Attention, Block, Init, LayerNorm
from minicvt.observe import ModuleEvent, OperationEvent

BODIES = ["loops", "numpy", pytest.param("numba", marks=pytest.mark.numba)]
GRID = Grid(3, 4, 0)


def random(*shape: int, seed: int = 0, dtype: str = "float64") -> Any:
    values = np.random.default_rng([seed, *shape]).normal(0.3, 1.5, shape)
    return values.astype(dtype)


def leaves(dtype: str = "float64") -> list[Tensor]:
    x, branch = (random(2, 5, 24, seed=i, dtype=dtype) for i in (0, 1))
    weight, bias = (random(24, seed=i, dtype=dtype) for i in (2, 3))
    return [Tensor(array, True) for array in (x, branch, weight, bias)]


def apart(x: Any, branch: Any, weight: Any, bias: Any, eps: float) -> tuple[Any, Any]:
    s = ops.add(x, branch)
    return s, ops.layer_norm(s, weight, bias, eps=eps)


def answers(function: Callable[..., Any], dtype: str, mixed: bool) -> list[Any]:
    """Return results and gradients; ``mixed``: both results are used, y first."""
    inputs = leaves(dtype)
    s, y = function(*inputs, eps=0.01)
    (ops.tanh(y) + s * 0.5 if mixed else y).backward(random(2, 5, 24, seed=9))
    return [s.numpy(), y.numpy(), *(leaf.grad for leaf in inputs)]


@pytest.mark.parametrize("mixed", [False, True])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("body", BODIES)
@pytest.mark.filterwarnings("ignore:the 'loops' kernels")
def test_the_bits_are_those_of_both_apart(body: str, dtype: str, mixed: bool) -> None:
    with kernels.use(body):
        fused = answers(ops.add_layer_norm, dtype, mixed)
        for ours, other in zip(fused, answers(apart, dtype, mixed), strict=True):
            np.testing.assert_array_equal(ours, other)


def passes(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return where every kernel of LayerNorm will write its name when it is called."""
    called: list[str] = []
    for name in ("layer_norm", "add_layer_norm", "layer_norm_backward"):
        before = getattr(kernels, name)

        def kernel(*arguments: Any, before: Any = before, name: str = name) -> Any:
            called.append(f"{name} of {len(arguments)}")
            return before(*arguments)

        monkeypatch.setattr(kernels, name, kernel)
    return called


def test_it_is_one_pass_there_and_one_back(monkeypatch: pytest.MonkeyPatch) -> None:
    called = passes(monkeypatch)
    s, y = ops.add_layer_norm(*leaves())
    (s + ops.tanh(y)).backward(random(2, 5, 24))
    assert called == ["add_layer_norm of 5", "layer_norm_backward of 6"]


@pytest.mark.parametrize(
    "change",
    [
        lambda x, branch, *rest: (x, Tensor(branch.numpy()[:, :1], True), *rest),
        lambda x, branch, *rest: (x, branch.numpy(), *rest),
        lambda *inputs: (
            [Tensor(t.numpy()[:0], t.requires_grad) for t in inputs[:2]] + [*inputs[2:]]
        ),
    ],
    ids=["broadcast", "an array", "no rows"],
)
def test_what_the_kernel_is_not_made_for_goes_apart(
    change: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    inputs = change(*leaves())
    called = passes(monkeypatch)
    for ours, other in zip(
        ops.add_layer_norm(*inputs, eps=0.1), apart(*inputs, 0.1), strict=True
    ):
        np.testing.assert_array_equal(ours.numpy(), other.numpy())
    assert called == ["layer_norm of 4"] * 2


def test_what_does_not_fit_is_refused_as_ever() -> None:
    x, branch, weight, bias = leaves()
    with pytest.raises(ShapeError, match=r"^add: shapes \(2, 5, 24\) and \(2, 5, 20\)"):
        ops.add_layer_norm(x, branch.numpy()[..., :20], weight, bias)
    with pytest.raises(ShapeError, match=r"^layer_norm: weight \(20,\)"):
        ops.add_layer_norm(x, branch, weight.numpy()[:20], bias)
    with pytest.raises(ShapeError, match=r"^layer_norm: the last axis"):
        ops.add_layer_norm(*(Tensor(np.ones(())) for _ in range(4)))
    with pytest.raises(DtypeError, match="layer_norm: inputs must all be"):
        ops.add_layer_norm(x, branch, Tensor(np.ones(24, "float32")), bias)


def test_shapes_alone_are_enough() -> None:
    blanks = [Tensor(Blank(t.shape, t.dtype), True) for t in leaves()]
    with count() as ledger:
        s, y = ops.add_layer_norm(*blanks)
    with count() as expected:
        ops.add_layer_norm(*leaves())
    assert s.shape == y.shape == (2, 5, 24)
    assert ledger.rows() == expected.rows()


def block(**options: Any) -> Block:
    init = Init("float64")
    parts = Attention(24, 2, init=init), MLP(24, 48, init=init)
    made = Block(24, *parts, **options, init=init)
    for i, (_, parameter) in enumerate(made.named_parameters()):
        parameter.assign(random(*parameter.shape, seed=i))
    return made


def events_of(made: Block, tokens: Any) -> list[Any]:
    with observe() as events:
        made(tokens, GRID)
    return events


def test_a_block_s_events_are_those_of_two_operations_and_a_module() -> None:
    made = block()
    events = events_of(made, Tensor(random(2, 12, 24)))
    ran = [e for e in events if isinstance(e, OperationEvent)]
    (sum_,) = [e for e in ran if e.name == "add" and e.path == ""][:1]
    norm = ran[ran.index(sum_) + 1]
    assert (norm.name, norm.path, norm.options) == (
        "layer_norm",
        "norm2",
        {"eps": 1e-5},
    )
    assert norm.inputs == (sum_.output, made.norm2.weight, made.norm2.bias)
    (module,) = [e for e in events if isinstance(e, ModuleEvent) and e.path == "norm2"]
    assert module.inputs == (sum_.output,)
    assert module.output is norm.output


def doubled(norm: LayerNorm, x: Tensor) -> Tensor:
    return 2.0 * LayerNorm.forward(norm, x)


def doubled_bias(norm: LayerNorm, x: Tensor) -> Tensor:
    return ops.layer_norm(x, norm.weight, norm.bias, eps=norm.eps) + norm.bias


def test_another_forward_or_eps_is_what_runs() -> None:
    tokens = Tensor(random(2, 12, 24))
    for change in (
        lambda norm: setattr(norm, "forward", MethodType(doubled, norm)),
        lambda norm: setattr(norm, "eps", 0.5),
    ):
        made = block()
        change(made.norm2)
        events = events_of(made, tokens)
        (module,) = [
            e for e in events if isinstance(e, ModuleEvent) and e.path == "norm2"
        ]
        expected = made.norm2(module.inputs[0])
        np.testing.assert_array_equal(module.output.numpy(), expected.numpy())


@pytest.mark.parametrize("body", BODIES[1:])
def test_unseen_the_bits_are_the_same_and_the_layer_is_not_asked(
    body: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    norm = block().norm2
    x, branch = (Tensor(random(2, 5, 24, seed=i)) for i in (0, 1))
    asked: list[str] = []
    monkeypatch.setattr(LayerNorm, "__call__", lambda *_: asked.append("norm2"))
    with kernels.use(body):
        expected = apart(x, branch, norm.weight, norm.bias, norm.eps)
        with no_grad():
            made = norm.of_sum(x, branch)
            alone = ops.add_layer_norm(x, branch, norm.weight, norm.bias)
    for tensors in zip(made, alone, expected, strict=True):
        first, second, last = (tensor.numpy() for tensor in tensors)
        np.testing.assert_array_equal(first, last)
        np.testing.assert_array_equal(second, last)
        assert not first.flags.writeable
    assert not asked


@pytest.mark.parametrize("whose", ["one layer's", "the class's"])
def test_another_forward_runs_unseen_too(
    whose: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    norm = block().norm2
    x, branch = (Tensor(random(2, 5, 24, seed=i)) for i in (0, 1))
    with no_grad():
        s, y = norm.of_sum(x, branch)
        if whose == "one layer's":
            norm.forward = MethodType(doubled_bias, norm)  # type: ignore[method-assign]
        else:
            monkeypatch.setattr(LayerNorm, "forward", doubled_bias)
        changed = norm.of_sum(x, branch)
    np.testing.assert_array_equal(changed[0].numpy(), s.numpy())
    np.testing.assert_allclose(
        changed[1].numpy(), y.numpy() + norm.bias.numpy(), rtol=1e-13
    )
