"""Entries by hand: units, bytes, what is kept, and what the way back costs."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import minicvt as mc
from minicvt import ops
from minicvt.accounting import Entry, Ledger, count
from minicvt.errors import UnknownName

F8 = 8  # bytes of a float64
RNG = np.random.default_rng(0)


def leaf(*shape: int) -> mc.Tensor:
    return mc.Tensor(RNG.normal(size=shape), requires_grad=True)


def step(function: Any, *inputs: mc.Tensor) -> tuple[Ledger, list[Entry], list[Entry]]:
    """Run there and back; return the ledger, and its entries of either direction."""
    with count() as ledger:
        y = function(*inputs)
        y.backward(np.ones(y.shape))
    ways = [
        [e for e in ledger.entries if e.direction == way]
        for way in ("forward", "backward")
    ]
    return ledger, *ways


def test_a_linear_map_there_and_back():
    x, weight, bias = leaf(5, 3), leaf(4, 3), leaf(4)
    _, [there], [back] = step(ops.linear, x, weight, bias)
    assert there.inputs == back.inputs == ((5, 3), (4, 3), (4,))
    assert there.work == {"macs": 5 * 4 * 3, "additions": 5 * 4}
    assert (there.read, there.written) == (F8 * (15 + 12 + 4), F8 * 20)
    assert there.kept == 0  # leaves
    assert back.work == {"macs": 2 * 5 * 4 * 3, "additions": 5 * 4}
    assert back.read == F8 * (20 + 15 + 12)  # the cotangent, x and the weight
    assert back.written == F8 * (15 + 12 + 4)


def test_an_input_that_needs_no_gradient_costs_none():
    _, _, [back] = step(ops.linear, mc.Tensor(np.ones((5, 3))), leaf(4, 3))
    assert back.macs == 5 * 4 * 3
    assert back.written == F8 * 12


def test_attention_is_twice_as_much_on_the_way_back_and_its_scores_once_more():
    q, k, v, bias = leaf(2, 3, 5, 4), leaf(2, 3, 7, 4), leaf(2, 3, 7, 6), leaf(3, 5, 7)
    _, [there], [back] = step(lambda *x: ops.attend(*x, scale=0.5), q, k, v, bias)
    scores = 2 * 3 * 5 * 7
    assert there.work == {
        **{"macs": scores * (4 + 6), "softmax": scores},
        **{"multiplications": scores, "additions": scores},
    }
    assert there.kept == 2 * F8 * 2 * 3 * 5  # two numbers for each row of the scores
    assert back.macs == 2 * there.macs + scores * 4
    assert back.work["softmax"] == 2 * scores
    assert back.work["additions"] == 2 * scores  # the bias is the same in both samples


def test_a_residual_adds_cotangents_where_it_began():
    x = leaf(4, 6)
    _, there, back = step(lambda x: x + ops.gelu(x), x)
    assert [e.operation for e in back] == ["add", "gelu"]
    assert [e.work for e in there] == [{"activations": 24}, {"additions": 24}]
    assert [e.work for e in back] == [{}, {"activations": 24, "additions": 24}]
    add, gelu = back
    assert (add.read, add.written) == (0, 0)  # hands on what it got
    assert gelu.read == F8 * (2 * 24 + 2 * 24)  # both for the join
    assert gelu.written == F8 * (24 + 24)


def test_what_only_looks_at_memory_moves_nothing():
    x = leaf(4, 6)
    ledger, *_ = step(lambda x: x.transpose(1, 0)[1:].transpose(1, 0) * 2.0, x)
    forward = [e for e in ledger.entries if e.direction == "forward"]
    moved = [(e.operation, e.read, e.written) for e in forward]
    assert moved == [
        *[(name, 0, 0) for name in ("transpose", "getitem", "transpose")],
        ("multiply", F8 * (20 + 1), F8 * 20),
    ]
    copied, _, _ = step(lambda x: x.transpose(1, 0).reshape(24), x)
    assert [e.written for e in copied.entries][:2] == [0, F8 * 24]


def test_memory_is_counted_where_it_is_first_kept():
    _, there, _ = step(lambda x: ops.exp(x) * ops.exp(x).reshape(4, 6), leaf(4, 6))
    assert [(e.operation, e.kept) for e in there] == [
        ("exp", F8 * 24),
        ("exp", F8 * 24),
        ("reshape", 0),
        ("multiply", 0),
    ]


def test_a_broadcast_input_gets_a_sum():
    _, _, [back] = step(lambda x, y: x + y, leaf(4, 6), leaf(6))
    assert back.work == {"additions": 24}
    assert (back.read, back.written) == (F8 * 24, F8 * 6)


def test_a_shared_parameter_counts_once():
    layer = mc.nn.Linear(3, 3, init=mc.nn.Init())
    with count() as ledger:
        layer(layer(np.ones((2, 3), "float32")))
    assert [e.parameters for e in ledger.entries] == [12, 0]


def test_nothing_is_kept_and_nothing_runs_back_without_a_tape():
    with count() as ledger, mc.no_grad():
        ops.exp(leaf(3))
    assert [e.kept for e in ledger.entries] == [0]


def test_a_flop_is_half_a_mac_and_nothing_else_is_one():
    ledger, *_ = step(ops.linear, leaf(5, 3), leaf(4, 3), leaf(4))
    assert ledger.total("flops") == 2 * ledger.macs == 2 * 3 * 60
    assert ledger.by("direction", "flops") == {"forward": 120, "backward": 240}
    assert ledger.by("kind", "macs", "backward") == {"linear": 120}


@pytest.mark.parametrize(
    ("ask", "nearest"),
    [
        (lambda ledger: ledger.by("stages"), "stage"),
        (lambda ledger: ledger.by("kind", "flop"), "flops"),
        (lambda ledger: ledger.total("mac"), "macs"),
        (lambda ledger: ledger.total("macs", "back"), "backward"),
        (lambda ledger: ledger.table("parts"), "part"),
        (lambda ledger: ledger.rows("module path"), "module"),
    ],
)
def test_what_the_ledger_does_not_know_gets_the_nearest(ask, nearest):
    with pytest.raises(UnknownName, match=f"did you mean .*{nearest}"):
        ask(count(mc.models.build("cvt-c8w")))
