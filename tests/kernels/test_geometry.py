"""The size of a map after a window: PyTorch's, CvT's, and by counting."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st

from minicvt.kernels.geometry import map_size, output_size


@given(st.integers(1, 9), st.integers(1, 9), st.data())
def test_pytorchs_pooling(kernel, stride, data):
    padding = data.draw(st.integers(0, kernel // 2))
    size = data.draw(st.integers(max(1, kernel - 2 * padding), 40))
    for ceil_mode in (False, True):
        x = torch.zeros(1, 1, size)
        y = F.max_pool1d(x, kernel, stride, padding, ceil_mode=ceil_mode)
        ours = output_size(size, kernel, stride, padding, ceil_mode)
        assert ours == y.shape[2]


@given(st.integers(1, 9), st.integers(1, 9), st.integers(0, 9), st.integers(1, 40))
def test_it_counts_the_starts_at_which_a_window_fits(kernel, stride, padding, size):
    starts = range(-padding, size + padding - kernel + 1, stride)
    if starts:
        assert output_size(size, kernel, stride, padding) == len(starts)


def test_cvts_embeddings():
    sizes = range(4, 400)
    assert [output_size(n, 7, 4, 2) for n in sizes] == [(n + 1) // 4 for n in sizes]
    assert [output_size(n, 3, 2, 1) for n in sizes] == [-(-n // 2) for n in sizes]


def test_both_axes():
    assert map_size((40, 56), (7, 3), (4, 2), (2, 1)) == (10, 28)
