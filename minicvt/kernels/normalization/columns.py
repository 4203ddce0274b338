"""Sums down the columns in Numba: over few rows, over a chunk, over all chunks.

Few rows are summed in x's dtype, 16 channels at a time in registers; these sums in
float64, one for each chunk of rows, and then those of the chunks.  Chunks have one
length, so that the bits do not depend on how many threads share them.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from minicvt.kernels.jit import frozen, helper
from minicvt.kernels.lanes import (
    LANES,
    add,
    flat,
    load,
    multiply_add,
    store,
    subtract,
    zeros,
)
from minicvt.kernels.memory import empty
from minicvt.kernels.team import shared
from minicvt.kernels.types import Array

FEW, CHUNK = 16, 256  # rows
NANOSECONDS = 0.35  # an element and sum, about


def moments(x: Array, center: Array, y: Array, other: Array) -> Array:
    """Return sum_n (x - center) and sum_n (x - center) (y - other) of each column.

    x and y are (N, C), center and other (C,); the result is (2, C), in float64.
    """
    arrays = [frozen(array) for array in (x, center, y, other)]
    if x.shape[1] < LANES:
        return _few_columns(*arrays)
    return in_chunks(_moments, 2, *arrays)


def total(x: Array) -> Array:
    """Return sum_n x of each column, in float64."""
    if x.shape[1] < LANES:
        return x.sum(axis=0, dtype=np.float64)
    return in_chunks(_total, 1, frozen(x))[0]


def in_chunks(body: Callable[..., None], number: int, *arrays: Array) -> Array:
    """Return so many sums of each column; the body adds to those of its chunk of rows.

    The first array is (N, C), the result (number, C), in float64.
    """
    rows, channels = arrays[0].shape
    sums = np.zeros((-(-rows // CHUNK), number, channels))
    body(len(sums), number * NANOSECONDS * rows * channels, *arrays, sums)
    return sums.sum(axis=0)


def _few_columns(x: Array, center: Array, y: Array, other: Array) -> Array:
    deviation = x - center
    products = deviation * (y - other)
    return np.stack([z.sum(axis=0, dtype=np.float64) for z in (deviation, products)])


@helper
def flush(few: Array, sums: Array, chunk: int) -> None:
    """Add the sums over few rows to those of their chunk, and begin anew."""
    for k in range(len(few)):
        for c in range(few.shape[1]):
            sums[chunk, k, c] += few[k, c]
            few[k, c] = 0


@shared
def _moments(
    x: Array, center: Array, y: Array, other: Array, sums: Array, first: int, last: int
) -> None:
    rows, channels = x.shape
    few = empty((2, channels), x)
    x, center, y, other, into = flat(x), flat(center), flat(y), flat(other), flat(few)
    for chunk in range(first, last):
        end = min((chunk + 1) * CHUNK, rows)
        for top in range(chunk * CHUNK, end, FEW):
            for block in range(0, channels, LANES):
                c = min(block, channels - LANES)
                total, products = zeros(x), zeros(x)
                for n in range(top, min(top + FEW, end)):
                    at = n * channels + c
                    deviation = subtract(load(x, at), load(center, c))
                    total = add(total, deviation)
                    products = multiply_add(
                        deviation, subtract(load(y, at), load(other, c)), products
                    )
                store(into, c, total)
                store(into, channels + c, products)
            flush(few, sums, chunk)


@shared
def _total(x: Array, sums: Array, first: int, last: int) -> None:
    rows, channels = x.shape
    few = empty((1, channels), x)
    x, into = flat(x), flat(few)
    for chunk in range(first, last):
        end = min((chunk + 1) * CHUNK, rows)
        for top in range(chunk * CHUNK, end, FEW):
            for block in range(0, channels, LANES):
                c = min(block, channels - LANES)
                total = zeros(x)
                for n in range(top, min(top + FEW, end)):
                    total = add(total, load(x, n * channels + c))
                store(into, c, total)
            flush(few, sums, chunk)
