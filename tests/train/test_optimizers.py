"""Optimisers, clipping and the schedule against PyTorch and closed forms."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch

from minicvt.errors import CheckpointError
from minicvt.nn import Parameter
from minicvt.train import (
    SGD,
    AdamW,
    bundles,
    clip_gradients,
    gradient_norm,
    warmup_cosine,
)

SHAPES = {
    "conv.weight": (3, 2, 3, 2),
    "fc.weight": (4, 3),
    "fc.bias": (4,),
    "late": (2,),
}
STEPS = 20
OPTIMIZERS: dict[str, tuple[Any, Any, dict[str, Any]]] = {
    "AdamW": (AdamW, torch.optim.AdamW, {"lr": 0.05}),
    "AdamW, other betas": (
        AdamW,
        torch.optim.AdamW,
        {"lr": 0.05, "betas": (0.7, 0.9), "eps": 1e-3},
    ),
    "SGD": (SGD, torch.optim.SGD, {"lr": 0.1}),
    "SGD, momentum": (SGD, torch.optim.SGD, {"lr": 0.1, "momentum": 0.9}),
    "SGD, nesterov": (
        SGD,
        torch.optim.SGD,
        {"lr": 0.1, "momentum": 0.9, "nesterov": True},
    ),
}


def parameters(dtype: str = "float64") -> dict[str, Parameter]:
    rng = np.random.default_rng(0)
    return {
        name: Parameter(rng.normal(size=shape).astype(dtype))
        for name, shape in SHAPES.items()
    }


def draw_gradients(own: dict[str, Parameter], step: int) -> None:
    """Set new gradients; the parameter "late" has none in the first three steps."""
    rng = np.random.default_rng(100 + step)
    for name, parameter in own.items():
        gradient = rng.normal(size=parameter.shape).astype(parameter.dtype)
        parameter.grad = None if name == "late" and step < 3 else gradient


@pytest.mark.parametrize("name", OPTIMIZERS)
@pytest.mark.parametrize("decay", [0.0, 0.3])
def test_twenty_steps_like_pytorch(name: str, decay: float) -> None:
    ours, theirs, options = OPTIMIZERS[name]
    own = parameters()
    peers = {n: torch.tensor(p.numpy(), requires_grad=True) for n, p in own.items()}
    optimizer = ours(own.items(), weight_decay=decay, **options)
    groups = [
        {"params": [p for p in peers.values() if p.ndim > 1], "weight_decay": decay},
        {"params": [p for p in peers.values() if p.ndim <= 1], "weight_decay": 0.0},
    ]
    peer = theirs(groups, **options)
    for step in range(STEPS):
        lr = options["lr"] * warmup_cosine(step, STEPS)
        draw_gradients(own, step)
        for n, parameter in own.items():
            grad = parameter.grad
            peers[n].grad = None if grad is None else torch.tensor(grad)
        for group in peer.param_groups:
            group["lr"] = lr
        optimizer.step(lr)
        peer.step()
    for n, parameter in own.items():
        expected = peers[n].detach().numpy()
        np.testing.assert_allclose(parameter.numpy(), expected, rtol=0, atol=1e-12)


def test_decay_follows_the_predicate() -> None:
    own = parameters()
    before = {name: p.numpy().copy() for name, p in own.items()}
    optimizer = AdamW(
        own.items(), lr=0.1, weight_decay=0.5, decays=lambda name, p: "fc" in name
    )
    for parameter in own.values():
        parameter.grad = np.zeros(parameter.shape)
    optimizer.step()
    for name, parameter in own.items():
        factor = 1 - 0.1 * 0.5 if "fc" in name else 1.0
        np.testing.assert_array_equal(parameter.numpy(), before[name] * factor)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_state_continues_to_the_same_bits(name: str) -> None:
    ours, _, options = OPTIMIZERS[name]
    own = parameters("float32")
    optimizer = ours(own.items(), weight_decay=0.1, **options)
    for step in range(5):
        draw_gradients(own, step)
        optimizer.step()
    copies = {n: Parameter(p.numpy()) for n, p in own.items()}
    resumed = ours(copies.items(), weight_decay=0.1, **options)
    resumed.load_state_dict(optimizer.state_dict())
    for step in range(5, 9):
        for side, params in ((optimizer, own), (resumed, copies)):
            draw_gradients(params, step)
            side.step()
    for n, parameter in own.items():
        assert parameter.dtype == np.float32
        assert parameter.numpy().tobytes() == copies[n].numpy().tobytes()
    dtypes = {a.dtype for k, a in resumed.state_dict().items() if "step." not in k}
    assert dtypes == {np.dtype("float32")}


def test_foreign_state_is_refused() -> None:
    optimizer = AdamW(parameters().items())
    state = optimizer.state_dict()
    with pytest.raises(CheckpointError, match=r"SGD state.*velocity.*got none"):
        SGD(parameters().items(), lr=0.1).load_state_dict(state)
    state["mean.fc.bias"] = np.zeros(5)
    with pytest.raises(CheckpointError, match=r"expected float64 \(4,\), got float64"):
        optimizer.load_state_dict(state)


def test_zero_grad() -> None:
    own = parameters()
    draw_gradients(own, 5)
    AdamW(own.items()).zero_grad()
    assert [p.grad for p in own.values()] == [None] * len(own)


@pytest.mark.parametrize("max_norm", [0.5, 1e3])
def test_clipping_like_pytorch(max_norm: float) -> None:
    own = parameters()
    draw_gradients(own, 0)
    peers = []
    for parameter in own.values():
        peers.append(torch.zeros(parameter.shape, dtype=torch.float64))
        grad = parameter.grad
        peers[-1].grad = None if grad is None else torch.tensor(grad)
    expected = torch.nn.utils.clip_grad_norm_(peers, max_norm)
    assert clip_gradients(own.values(), max_norm) == pytest.approx(
        float(expected), 1e-14
    )
    for parameter, peer in zip(own.values(), peers, strict=True):
        if parameter.grad is not None:
            np.testing.assert_allclose(parameter.grad, peer.grad.numpy(), rtol=1e-14)


def test_clipping_keeps_dtype_and_sums_in_float64() -> None:
    parameter = Parameter(np.zeros(3, np.float32))
    parameter.grad = np.full(3, 1e25, np.float32)  # its square overflows float32
    norm = clip_gradients([parameter], 1.0)
    assert norm == pytest.approx(math.sqrt(3) * 1e25, rel=1e-6)
    assert parameter.grad.dtype == np.float32
    assert gradient_norm([parameter]) == pytest.approx(1.0, rel=1e-6)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_clipping_leaves_what_is_not_finite(bad: float) -> None:
    parameter = Parameter(np.zeros(2))
    parameter.grad = np.array([bad, 3.0])
    assert not math.isfinite(clip_gradients([parameter], 1.0))
    np.testing.assert_array_equal(parameter.grad, [bad, 3.0])


@pytest.mark.parametrize(
    ("steps", "warmup"), [(550, 0.1), (40, 0.25), (7, 0.0), (1, 0.1)]
)
def test_schedule_is_its_closed_form(steps: int, warmup: float) -> None:
    rise = round(warmup * steps)
    shares = [warmup_cosine(step, steps, warmup) for step in range(steps + 1)]
    for step, share in enumerate(shares):
        if step < rise:
            assert share == (step + 1) / rise
        else:
            turn = (step - rise) / (steps - rise)
            assert share == pytest.approx(math.cos(math.pi * turn / 2) ** 2, abs=1e-15)
    assert shares[max(rise - 1, 0)] == shares[rise] == 1
    assert shares[-1] == pytest.approx(0, abs=1e-15)
    assert all(0 < share <= 1 for share in shares[:-1])


def test_bundles_change_no_bit(monkeypatch: pytest.MonkeyPatch) -> None:
    """Together or one by one, also where some have no gradient at first."""
    ends = []
    for most in (0, 9, 1 << 16):
        monkeypatch.setattr(bundles, "MOST", most)
        own = parameters("float32")
        optimizer = AdamW(own.items(), lr=0.05, weight_decay=0.3)
        for step in range(6):
            draw_gradients(own, step)
            optimizer.step()
        ends.append(
            [*(p.numpy() for p in own.values()), *optimizer.state_dict().values()]
        )
    for others in ends[1:]:
        for a, b in zip(ends[0], others, strict=True):
            np.testing.assert_array_equal(a, b)


def test_small_parameters_share_a_bundle_and_large_ones_have_their_own() -> None:
    sizes = {"a": 5, "big": 1 << 17, "b": 6, "bias": 4, "c": 1 << 16, "d": 7}
    own = {n: Parameter(np.zeros((size, 1))) for n, size in sizes.items()}
    own["bias"] = Parameter(np.zeros(4))
    found = bundles.bundled(own, {n: float(p.ndim > 1) for n, p in own.items()}, ["m"])
    names = [list(bundle.parameters) for bundle in found]
    assert names == [["a", "b"], ["big"], ["bias"], ["c"], ["d"]]
    assert [bundle.decay for bundle in found] == [1, 1, 0, 1, 1]
    assert [bundle.state["m"].size for bundle in found] == [11, 1 << 17, 4, 1 << 16, 7]


def test_a_step_leaves_what_was_taken_before_as_it_was() -> None:
    own = parameters()
    optimizer = AdamW(own.items(), lr=0.1)
    taken = {name: (p.detach(), p.numpy(), p.numpy().copy()) for name, p in own.items()}
    draw_gradients(own, 5)
    optimizer.step()
    for name, (detached, array, values) in taken.items():
        np.testing.assert_array_equal(detached.numpy(), values)
        np.testing.assert_array_equal(array, values)
        assert (own[name].numpy() != values).all()
        assert own[name].version == 1
        with pytest.raises(ValueError, match="read-only"):
            own[name].data[...] = 0


def test_the_state_can_be_read_and_written_by_name() -> None:
    own = parameters()
    optimizer = AdamW(own.items(), lr=0.1)
    optimizer.state["mean"]["fc.weight"][1] = 7
    np.testing.assert_array_equal(optimizer.state_dict()["mean.fc.weight"][1], [7] * 3)
