"""Convolution and pooling: kh != kw, H != W, strides that skip the last pixels."""

from __future__ import annotations

from typing import Any

import numpy as np

from minicvt.kernels.geometry import output_size
from minicvt.verify.operations.entry import listed
from minicvt.verify.operations.samples import Draw, Sample
from minicvt.verify.oracle import nchw, nhwc


def _unfold(torch: Any, x: Any, kernel: Any, stride: Any, padding: Any) -> Any:
    b, h, w, c = x.shape
    unfold = torch.nn.functional.unfold
    columns = unfold(nchw(torch, x), kernel, stride=stride, padding=padding)
    window = [np.broadcast_to(pair, 2) for pair in (kernel, stride, padding)]
    size = map(output_size, (h, w), *window)
    return columns.reshape(b, c, *window[0], *size).permute(0, 4, 5, 2, 3, 1)


def _fold(torch: Any, x: Any, size: Any, stride: Any, padding: Any) -> Any:
    kernel, fold = x.shape[3:5], torch.nn.functional.fold
    columns = x.permute(0, 5, 3, 4, 1, 2).flatten(1, 3).flatten(2)
    return nhwc(fold(columns, size, kernel, stride=stride, padding=padding))


@listed("im2col", _unfold)
def _draw_im2col(draw: Draw) -> Sample:
    window = draw.window()
    shape = draw.map(window["kernel"], window["padding"], draw.size(1, 3))
    return Sample((draw.normal(*shape),), window)


@listed("col2im", _fold)
def _draw_col2im(draw: Draw) -> Sample:
    window = draw.window()
    kernel = window.pop("kernel")
    b, *size, c = draw.map(kernel, window["padding"], draw.size(1, 3))
    counts = map(output_size, size, kernel, window["stride"], window["padding"])
    columns = draw.normal(b, *counts, *kernel, c)
    return Sample((columns,), window | {"size": tuple(size)})


def _conv2d(torch: Any, x: Any, weight: Any, bias: Any = None, **options: Any) -> Any:
    conv2d = torch.nn.functional.conv2d
    return nhwc(conv2d(nchw(torch, x), weight, bias, **options))


@listed("conv2d", _conv2d)
def _draw_conv2d(draw: Draw) -> Sample:
    window, groups = draw.window(), draw.groups()
    kernel = window.pop("kernel")
    depth, out = draw.size(1, 3), groups * draw.size(1, 3)
    x = draw.normal(*draw.map(kernel, window["padding"], groups * depth))
    bias = draw.one_of(draw.normal(out), None)
    weight = draw.normal(out, depth, *kernel)
    return Sample((x, weight, bias), window | {"groups": groups})


def _depthwise(torch: Any, x: Any, weight: Any, **options: Any) -> Any:
    return _conv2d(torch, x, weight, groups=len(weight), **options)


@listed("depthwise_conv2d", _depthwise)
def _draw_depthwise_conv2d(draw: Draw) -> Sample:
    window, channels = draw.window(), draw.size(1, 5)
    kernel = window.pop("kernel")
    x = draw.normal(*draw.map(kernel, window["padding"], channels))
    return Sample((x, draw.normal(channels, 1, *kernel)), window)


def _pool(name: str) -> Any:
    def theirs(torch: Any, x: Any, kernel: Any, **options: Any) -> Any:
        pool = getattr(torch.nn.functional, name)
        return nhwc(pool(nchw(torch, x), kernel, **options))

    return theirs


def _pooled(draw: Draw, values: Any, **options: Any) -> Sample:
    window = draw.window(pooled=True)
    x = values(*draw.map(window["kernel"], window["padding"], draw.size(1, 3)))
    return Sample((x,), window | {"ceil_mode": draw.one_of(False, True)} | options)


listed("max_pool2d", _pool("max_pool2d"), corners=True)(
    lambda draw: _pooled(draw, draw.tied)
)


@listed("avg_pool2d", _pool("avg_pool2d"))
def _draw_avg_pool2d(draw: Draw) -> Sample:
    return _pooled(draw, draw.normal, count_include_pad=draw.one_of(True, False))
