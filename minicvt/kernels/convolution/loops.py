"""Convolution as plain nested loops: the seven-deep nest.

Channel o of the output belongs to group g = o // (O/groups), which sees the input's
channels g*I up to (g + 1)*I, where I = C/groups is the weight's second axis.
"""

from __future__ import annotations

import numpy as np

from minicvt.kernels.types import Array, Pair


def conv2d(x: Array, weight: Array, stride: Pair, padding: Pair, groups: int) -> Array:
    """y[b, i, j, o] = sum_uvc x[b, i*sh+u-ph, j*sw+v-pw, g*I+c] weight[o, c, u, v].

    x is 0 outside the map.  (B, H, W, C) and (O, C/groups, kh, kw) to (B, Ho, Wo, O).
    """
    batch, height, width = x.shape[:3]
    outs, ins, kh, kw = weight.shape
    rows = (height + 2 * padding[0] - kh) // stride[0] + 1
    cols = (width + 2 * padding[1] - kw) // stride[1] + 1
    y = np.empty((batch, rows, cols, outs), x.dtype)
    for b in range(batch):
        for i in range(rows):
            for j in range(cols):
                for o in range(outs):
                    start = o // (outs // groups) * ins
                    total = 0.0
                    for u in range(kh):
                        for v in range(kw):
                            h = i * stride[0] + u - padding[0]
                            w = j * stride[1] + v - padding[1]
                            if 0 <= h < height and 0 <= w < width:
                                for c in range(ins):
                                    total += x[b, h, w, start + c] * weight[o, c, u, v]
                    y[b, i, j, o] = total
    return y


def conv2d_input_grad(
    dy: Array, weight: Array, size: Pair, stride: Pair, padding: Pair, groups: int
) -> Array:
    """dx[b, h, w, g*I+c] = sum_ijouv dy[b, i, j, o] weight[o, c, u, v].

    Over the o of group g and those i, j, u, v with i*sh+u-ph = h and j*sw+v-pw = w.
    (B, Ho, Wo, O) and (O, C/groups, kh, kw) to (B, H, W, C) with (H, W) = size.
    """
    batch, rows, cols, outs = dy.shape
    ins, kh, kw = weight.shape[1:]
    dx = np.zeros((batch, size[0], size[1], ins * groups), dy.dtype)
    for b in range(batch):
        for i in range(rows):
            for j in range(cols):
                for o in range(outs):
                    start = o // (outs // groups) * ins
                    t = dy[b, i, j, o]
                    for u in range(kh):
                        for v in range(kw):
                            h = i * stride[0] + u - padding[0]
                            w = j * stride[1] + v - padding[1]
                            if 0 <= h < size[0] and 0 <= w < size[1]:
                                for c in range(ins):
                                    dx[b, h, w, start + c] += t * weight[o, c, u, v]
    return dx


def conv2d_weight_grad(
    dy: Array, x: Array, kernel: Pair, stride: Pair, padding: Pair, groups: int
) -> Array:
    """dweight[o, c, u, v] = sum_bij dy[b, i, j, o] x[b, i*sh+u-ph, j*sw+v-pw, g*I+c].

    (B, Ho, Wo, O) and (B, H, W, C) to (O, C/groups, kh, kw), summed in float64.
    """
    batch, height, width, channels = x.shape
    rows, cols, outs = dy.shape[1:]
    ins = channels // groups
    dweight = np.empty((outs, ins, kernel[0], kernel[1]), x.dtype)
    for o in range(outs):
        start = o // (outs // groups) * ins
        for c in range(ins):
            for u in range(kernel[0]):
                for v in range(kernel[1]):
                    total = 0.0
                    for b in range(batch):
                        for i in range(rows):
                            for j in range(cols):
                                h = i * stride[0] + u - padding[0]
                                w = j * stride[1] + v - padding[1]
                                if 0 <= h < height and 0 <= w < width:
                                    total += dy[b, i, j, o] * x[b, h, w, start + c]
                    dweight[o, c, u, v] = total
    return dweight
