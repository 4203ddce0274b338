"""Convolution and pooling: kh != kw, H != W, strides that skip the last pixels."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F

from minicvt.kernels.geometry import output_size
from tests.operations.entry import listed
from tests.operations.samples import Draw, Sample
from tests.oracle import nchw, nhwc


def _unfold(x: torch.Tensor, kernel: Any, stride: Any, padding: Any) -> torch.Tensor:
    b, h, w, c = x.shape
    size = map(output_size, (h, w), kernel, stride, padding)
    columns = F.unfold(nchw(x), kernel, stride=stride, padding=padding)
    return columns.reshape(b, c, *kernel, *size).permute(0, 4, 5, 2, 3, 1)


def _fold(x: torch.Tensor, size: Any, stride: Any, padding: Any) -> torch.Tensor:
    kernel = x.shape[3:5]
    columns = x.permute(0, 5, 3, 4, 1, 2).flatten(1, 3).flatten(2)
    return nhwc(F.fold(columns, size, kernel, stride=stride, padding=padding))


@listed("im2col", _unfold)
def draw_im2col(draw: Draw) -> Sample:
    window = draw.window()
    shape = draw.map(window["kernel"], window["padding"], draw.size(1, 3))
    return Sample((draw.normal(*shape),), window)


@listed("col2im", _fold)
def draw_col2im(draw: Draw) -> Sample:
    window = draw.window()
    kernel = window.pop("kernel")
    b, *size, c = draw.map(kernel, window["padding"], draw.size(1, 3))
    counts = map(output_size, size, kernel, window["stride"], window["padding"])
    columns = draw.normal(b, *counts, *kernel, c)
    return Sample((columns,), window | {"size": tuple(size)})


def _conv2d(x: torch.Tensor, weight: Any, bias: Any = None, **options: Any) -> Any:
    return nhwc(F.conv2d(nchw(x), weight, bias, **options))


@listed("conv2d", _conv2d)
def draw_conv2d(draw: Draw) -> Sample:
    window, groups = draw.window(), draw.one_of(1, 1, 2, 3)
    kernel = window.pop("kernel")
    depth, out = draw.size(1, 3), groups * draw.size(1, 3)
    x = draw.normal(*draw.map(kernel, window["padding"], groups * depth))
    bias = draw.one_of(draw.normal(out), None)
    weight = draw.normal(out, depth, *kernel)
    return Sample((x, weight, bias), window | {"groups": groups})


def _depthwise(x: torch.Tensor, weight: Any, **options: Any) -> torch.Tensor:
    return _conv2d(x, weight, groups=len(weight), **options)


@listed("depthwise_conv2d", _depthwise)
def draw_depthwise_conv2d(draw: Draw) -> Sample:
    window, channels = draw.window(), draw.size(1, 5)
    kernel = window.pop("kernel")
    x = draw.normal(*draw.map(kernel, window["padding"], channels))
    return Sample((x, draw.normal(channels, 1, *kernel)), window)


def _pool(pool: Any) -> Any:
    def theirs(x: torch.Tensor, kernel: Any, **options: Any) -> torch.Tensor:
        return nhwc(pool(nchw(x), kernel, **options))

    return theirs


def _pooled(draw: Draw, values: Any, **options: Any) -> Sample:
    window = draw.window()
    kernel = window["kernel"]
    window["padding"] = tuple(draw.size(0, k // 2) for k in kernel)
    x = values(*draw.map(kernel, window["padding"], draw.size(1, 3)))
    return Sample((x,), window | {"ceil_mode": draw.one_of(False, True)} | options)


listed("max_pool2d", _pool(F.max_pool2d))(lambda draw: _pooled(draw, draw.tied))


@listed("avg_pool2d", _pool(F.avg_pool2d))
def draw_avg_pool2d(draw: Draw) -> Sample:
    return _pooled(draw, draw.normal, count_include_pad=draw.one_of(True, False))
