"""What rules say that operations cost: what pullbacks keep, and multiply-adds."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest
import torch
from hypothesis import given
from torch.utils.flop_counter import FlopCounterMode

from minicvt import Tensor, kernels, observe
from minicvt.accounting.memory import nbytes
from minicvt.graph import buffers
from minicvt.observe import OperationEvent
from minicvt.ops.spec import OUTPUT, UNITS
from minicvt.verify.operations import OPERATIONS, Draw, Entry, Sample
from tests.operations.test_against_torch import a_random, every_operation
from tests.oracle import to_torch

MOVE = {"reshape", "transpose", "getitem", "concatenate", "pad", "broadcast_to"}
MOVE |= {"im2col"}
"""Operations that compute nothing."""

MULTIPLY = {"matmul", "linear", "conv2d", "depthwise_conv2d", "attend"}
"""Those whose work is MACs."""

NUMBERS = {"exp", "sqrt", "sigmoid"}
"""Those that keep their output, which is no array but a NumPy number without axes."""

BODIES = ["numpy", "loops", pytest.param("numba", marks=pytest.mark.numba)]


def drawn(entry: Entry, seed: int) -> Sample:
    """Draw a call whose inputs are contiguous: none is larger than it looks."""
    return entry.draw(Draw(Random(seed))).cast("float32")


def ran(entry: Entry, sample: Sample) -> OperationEvent:
    """Run one call, with every input a leaf that learns."""
    inputs = [None if x is None else Tensor(x, True) for x in sample.inputs]
    with observe() as events:
        entry.ours(*inputs, **sample.options)
    return events[0]


@every_operation
@given(random=a_random)
def test_work_is_whole_numbers_in_known_units(entry: Entry, random: Random) -> None:
    """A new operation has to be said to move, to multiply or to do other work."""
    event = ran(entry, entry.sample(random).cast("float32"))
    each = [event.spec.cotangent(position) for position in range(len(event.inputs))]
    for work in (event.spec.work, event.spec.always, *each):
        assert set(work) <= set(UNITS)
        assert all(type(n) is int and n >= 0 for n in work.values())
    assert (entry.name in MOVE) == (not event.spec.work)
    assert (entry.name in MULTIPLY) == ("macs" in event.spec.work)


@every_operation
@pytest.mark.parametrize("body", BODIES)
@pytest.mark.filterwarnings("ignore:the 'loops' kernels")
def test_a_pullback_keeps_what_its_rule_says(entry: Entry, body: str) -> None:
    with kernels.use(body):
        for seed in range(20):
            event = ran(entry, drawn(entry, seed))
            measured = sum(buffers(event.output.node.pullback).values())
            if entry.name in NUMBERS and not event.output.ndim:
                measured += event.output.data.nbytes
            assert measured == kept(event), event.spec


def kept(event: OperationEvent) -> int:
    """Bytes that the rule says stay, each input an array of its own."""
    tensors = {**dict(enumerate(event.inputs)), OUTPUT: event.output}
    return sum(
        tensors[one].data.nbytes if isinstance(one, int) else nbytes(one, np.float32)
        for one in event.spec.keeps
    )


@pytest.mark.parametrize("name", sorted(MULTIPLY))
def test_macs_there_and_back_are_pytorch_s(name: str) -> None:
    entry = OPERATIONS[name]
    for seed in range(20):
        sample = drawn(entry, seed)
        spec = ran(entry, sample).spec
        given_ = [i for i, x in enumerate(sample.inputs) if x is not None]
        back = [spec.always, *(spec.cotangent(i) for i in given_)]
        ours = spec.macs, sum(work.get("macs", 0) for work in back)
        there, back_there = torch_macs(entry, sample)
        if "conv" in name:  # PyTorch takes the weight's cotangent for a dense one
            back_there -= (groups(entry, sample) - 1) * there
        if name == "attend":  # which keeps no scores and makes them again
            back_there += sample.inputs[0].size * sample.inputs[1].shape[2]
        assert ours == (there, back_there), (spec, sample.options)


def groups(entry: Entry, sample: Sample) -> int:
    """Groups of a convolution: PyTorch counts its weight's cotangent so many times."""
    return sample.options.get("groups", sample.inputs[0].shape[3])


def torch_macs(entry: Entry, sample: Sample) -> tuple[int, int]:
    """Half of PyTorch's FLOPs, there and back."""
    leaves = [None if x is None else to_torch(x, True) for x in sample.inputs]
    with FlopCounterMode(display=False) as counter:
        output = entry.theirs(torch, *leaves, **sample.options)
        there = counter.get_total_flops()
        output.backward(to_torch(sample.cotangent(tuple(output.shape))))
    assert there % 2 == counter.get_total_flops() % 2 == 0
    return there // 2, counter.get_total_flops() // 2 - there // 2
