"""PyTorch's own counter, on transformers' models without memory, there and back."""

from __future__ import annotations

from math import prod
from typing import Any

import pytest
import torch
import transformers
from torch.utils.flop_counter import FlopCounterMode

import minicvt as mc
from minicvt.accounting import Ledger, count
from minicvt.interop.huggingface import write_config
from minicvt.models import Config

LARGE = {"image": (384, 384)}


def macs_of_pytorch(config: Config) -> tuple[int, int]:
    """Half the FLOPs of transformers' model on the meta device, forward and backward.

    Attention is "eager": two products of matrices, which the counter sees.
    """
    values = write_config(config, "float32")
    kind = getattr(transformers, values.pop("architectures")[0])
    with torch.device("meta"):
        model = kind._from_config(
            kind.config_class(**values), attn_implementation="eager"
        )
        images = torch.empty(1, config.in_chans, *config.image)
    with FlopCounterMode(display=False) as counter:
        logits = model.eval()(images).logits
        there = counter.get_total_flops()
        logits.backward(torch.empty_like(logits))
    assert there % 2 == counter.get_total_flops() % 2 == 0
    return there // 2, counter.get_total_flops() // 2 - there // 2


def too_many(ledger: Ledger) -> int:
    """MACs that PyTorch counts backward and nobody does.

    It takes the weight's cotangent of a depthwise convolution for that of a dense one,
    as many times too many as there are channels.
    """
    return sum(
        (entry.output[-1] - 1) * entry.macs
        for entry in ledger.entries
        if entry.operation == "depthwise_conv2d" and entry.direction == "forward"
    )


def made_again(ledger: Ledger) -> int:
    """MACs of scores, which our attention makes a second time instead of keeping."""
    return sum(
        prod(entry.inputs[0] or ()) * (entry.inputs[1] or ())[2]
        for entry in ledger.entries
        if entry.operation == "attend" and entry.direction == "forward"
    )


@pytest.mark.filterwarnings("ignore:transformers")
@pytest.mark.parametrize(
    ("name", "overrides"),
    [
        ("cvt-13", {}),
        ("cvt-13", LARGE),
        ("cvt-13", {"kv_stride": 1}),
        ("cvt-13", {"embed": ((4, 4, 0), (2, 2, 0), (2, 2, 0))}),
        ("cvt-21", {}),
        ("cvt-21", LARGE),
        ("cvt-w24", {}),
        ("cvt-w24", LARGE),
        ("vit-b16", LARGE),
        ("vit-G14", {}),
        ("deit-small", {}),
        ("deit-base-distilled", LARGE),
        ("pvt-small", {}),
        ("pvt-large", {}),
        ("resnet-50", {}),
        ("resnet-152", {"image": (96, 160)}),
    ],
)
def test_there_and_back_the_macs_are_pytorch_s(name: str, overrides: dict[str, Any]):
    config = mc.models.variant(name, **overrides)
    if config.paper == "cvt":
        config = config.override(dialect="hf")
    with mc.shapes_only():
        ledger = count(config.build(), backward=True)
    there, back = macs_of_pytorch(config)
    assert ledger.total("macs", "forward") == there
    assert ledger.total("flops", "forward") == 2 * there
    back += made_again(ledger) - too_many(ledger)
    assert ledger.total("macs", "backward") == back
