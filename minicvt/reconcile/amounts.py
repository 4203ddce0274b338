"""What a pass does, by name: the terms that every way of counting is a sum of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from math import prod

from minicvt.accounting import Entry, Ledger

Named = Iterator[tuple[str, int]]

PRODUCTS = ("convolutions", "Linear maps", "attention products", "other products")
"""What the MACs are made of."""


def amounts(ledger: Ledger) -> Counter[str]:
    """Return every term of one pass, in the order of its operations.

    ``PRODUCTS`` are multiply-adds, and "MACs" all of them. Biases are an addition an
    output; "once" are the numbers stored; all others are elements that went through.
    """
    totals: Counter[str] = Counter({"MACs": ledger.macs})
    for entry in ledger.entries:
        for name, amount in TERMS.get(entry.operation, _other)(entry):
            totals[name] += amount
    return totals


def _linear(entry: Entry) -> Named:
    yield "Linear maps", entry.macs
    _, weight, bias = entry.inputs
    yield "Linear weights, once", prod(weight or ())
    if bias is not None:
        where = "attention" if ".attn." in entry.path else "other"
        yield f"biases of {where} Linear", prod(entry.output)
        yield f"biases of {where} Linear, once", prod(bias)


def _convolution(entry: Entry) -> Named:
    yield "convolutions", entry.macs
    if entry.inputs[2:] and entry.inputs[2] is not None:
        yield "biases of convolutions", prod(entry.output)


def _attend(entry: Entry) -> Named:
    """Two products of equal size around a softmax over S keys, scaled before it."""
    yield "attention products", entry.macs
    yield "attention products, to four digits", 2 * four_digits(entry.macs // 2)
    queries, keys = entry.inputs[:2]
    yield "softmax", prod((queries or ())[:3]) * (keys or ())[2]


def four_digits(product: int) -> int:
    """Return what numpy.einsum_path's report adds to a product's multiply-adds.

    It prints two FLOPs for each in four digits, which fvcore and calflops read.
    """
    return int(float(f"{2 * product:.3e}")) // 2 - product


def _add(entry: Entry) -> Named:
    """A depthwise convolution's bias is added as a row; the rest are residuals."""
    row = len(entry.inputs[-1] or ()) == 1
    yield "biases of convolutions" if row else "residual sums", prod(entry.output)


def _pooling(entry: Entry) -> Named:
    """Only maps are pooled: a mean over tokens is no layer anywhere."""
    if len(entry.inputs[0] or ()) == 4:
        yield "pooling", prod(entry.inputs[0] or ())


def _norm(name: str) -> Callable[[Entry], Named]:
    def elements(entry: Entry) -> Named:
        yield name, prod(entry.output)
        yield f"{name} weights and biases, once", 2 * entry.output[-1]

    return elements


def _activation(entry: Entry) -> Named:
    yield "activations", prod(entry.output)


def _other(entry: Entry) -> Named:
    if entry.macs:
        yield "other products", entry.macs


TERMS: dict[str, Callable[[Entry], Named]] = {
    "linear": _linear,
    "conv2d": _convolution,
    "depthwise_conv2d": _convolution,
    "attend": _attend,
    "layer_norm": _norm("LayerNorm"),
    "batch_norm_eval": _norm("BatchNorm"),
    "add": _add,
    "max_pool2d": _pooling,
    "mean": _pooling,
    **dict.fromkeys(("relu", "gelu", "gelu_tanh", "quick_gelu", "silu"), _activation),
}
