"""Ways of counting FLOPs, and when a count is what is printed.

None of these papers says how it counted. Each way here is one that a tool had: terms
of a pass (:mod:`minicvt.reconcile.amounts`), and how many times each is counted.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal
from typing import NamedTuple

Times = dict[str, int]

MACS = {"MACs": 1}
BIASES = {
    "biases of attention Linear": 1,
    "biases of other Linear": 1,
    "biases of convolutions": 1,
}
NO_PRODUCTS = {"MACs": 1, "attention products": -1}
CONVENTIONS: dict[str, Times] = {
    "MACs": MACS,
    "and biases": MACS | BIASES,
    "as microsoft/CvT": MACS
    | {
        "biases of attention Linear": 1,
        "biases of other Linear, once": 1,
        "biases of convolutions": 1,
    },
    "as fvcore": MACS | {"LayerNorm": 5, "BatchNorm": 2},
    "as ptflops": NO_PRODUCTS
    | BIASES
    | {"LayerNorm": 1, "BatchNorm": 2, "softmax": 1, "activations": 2, "pooling": 2},
    "without attention products": NO_PRODUCTS,
}
"""The first is ours. microsoft/CvT has compute_macs for attention and ptflops 0.6 for
the rest; ptflops 0.6 alone misses both products and reports the 4.06 G of
microsoft/CvT#8. Today's ptflops counts activations and pooling twice, in a module and
in the function that it calls."""


class Term(NamedTuple):
    """One named part of a count."""

    name: str
    amount: int


def terms(times: Times, amounts: Mapping[str, int]) -> list[Term]:
    """Return the terms of a count, which add up to it; without those that are 0."""
    return [
        Term(name if abs(n) == 1 else f"{name}, {n} times", n * amount)
        for name, n in times.items()
        if (amount := amounts.get(name, 0))
    ]


def every(amounts: Mapping[str, int]) -> dict[str, int]:
    """Return the count by every convention, the MACs first."""
    return {
        name: sum(term.amount for term in terms(times, amounts))
        for name, times in CONVENTIONS.items()
    }


def fit(count: int, printed: str, unit: int) -> str | None:
    """Say how ``count``, in ``unit``, gives what is printed; None if it does not.

    "rounds" (half up), "truncates", or "rounds twice": to one digit more first, as
    24,485,864 to 24.5 M, and that to 25.
    """
    there = Decimal(printed)
    exact = Decimal(count) / unit
    digit = Decimal(1).scaleb(int(there.as_tuple().exponent))
    once = exact.quantize(digit / 10, ROUND_HALF_UP)
    ways = {
        "rounds": exact.quantize(digit, ROUND_HALF_UP),
        "truncates": exact.quantize(digit, ROUND_DOWN),
        "rounds twice": once.quantize(digit, ROUND_HALF_UP),
    }
    return next((how for how, value in ways.items() if value == there), None)


def fitting(counts: Mapping[str, int], printed: str, unit: int) -> dict[str, str]:
    """Return the conventions that give what is printed, and how, best first.

    The MACs, which come first, may truncate or round twice; what is added to them
    must round, or with so many ways to count something would always fit.
    """
    found = {name: fit(count, printed, unit) for name, count in counts.items()}
    plain, *_ = found
    how = found.pop(plain)
    kept = {name: way for name, way in found.items() if way == "rounds"}
    if how is None:
        return kept
    return {**kept, plain: how} if how == "rounds twice" else {plain: how, **kept}
