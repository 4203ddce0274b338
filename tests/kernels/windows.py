"""Maps and the windows that slide over them, for every kernel that has them."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from hypothesis import strategies as st

from minicvt.kernels import Kernel
from minicvt.kernels.geometry import map_size
from tests.kernels.comparing import normal, outputs

Pair = tuple[int, int]
TOLERANCE = {"float32": 2e-6, "float64": 1e-13}


class Window(NamedTuple):
    """A map (batch, *size, channels) and how a window slides over it."""

    batch: int
    size: Pair
    channels: int
    kernel: Pair
    stride: Pair
    padding: Pair

    @property
    def slide(self) -> tuple[Pair, Pair]:
        return self.stride, self.padding

    @property
    def output(self) -> Pair:
        return map_size(self.size, self.kernel, self.stride, self.padding)

    def x(self, dtype: str = "float64") -> Any:
        return normal(0, self.batch, *self.size, self.channels, dtype=dtype)

    def dy(self, channels: int, dtype: str = "float64") -> Any:
        return normal(1, self.batch, *self.output, channels, dtype=dtype)


@st.composite
def windows(draw: st.DrawFn, channels: int = 5) -> Window:
    """Draw oblong maps and windows, some padded by all of the kernel and more."""
    axes = [draw(axis()) for _ in range(2)]
    size, kernel, stride, padding = zip(*axes, strict=True)
    batch, channels = draw(st.integers(1, 3)), draw(st.integers(1, channels))
    return Window(batch, size, channels, kernel, stride, padding)


@st.composite
def axis(draw: st.DrawFn) -> tuple[int, int, int, int]:
    """Draw size, kernel, stride and padding of one axis; at least one window fits."""
    kernel, stride = draw(st.integers(1, 4)), draw(st.integers(1, 3))
    padding = draw(st.integers(0, kernel))
    size = draw(st.integers(max(1, kernel - 2 * padding), 8))
    return size, kernel, stride, padding


# What learners meet: CvT's three embeddings, its depthwise projections, plain layers.
PLAIN = [
    Window(2, (11, 9), 3, (7, 7), (4, 4), (2, 2)),
    Window(1, (7, 10), 6, (3, 3), (2, 2), (1, 1)),
    Window(3, (6, 5), 4, (3, 3), (1, 1), (1, 1)),
    Window(2, (5, 4), 4, (1, 1), (1, 1), (0, 0)),
    Window(2, (8, 7), 2, (2, 3), (2, 3), (0, 0)),
    Window(2, (5, 4), 2, (3, 1), (1, 2), (3, 0)),
]


def check_adjoint(x: Any, y: Any, dx: Any, dy: Any) -> None:
    """Check <A x, dy> = <x, A' dy>, given y = A x and dx = A' dy."""
    forward, backward = np.vdot(y, dy), np.vdot(x, dx)
    scale = np.linalg.norm(y) * np.linalg.norm(dy) + 1e-300
    assert abs(forward - backward) <= 1e-13 * scale


def run(kernel: Kernel, body: str, *arguments: Any) -> Any:
    """Return the one output of a body."""
    (output,) = outputs(kernel, body, *arguments)
    assert output.flags.c_contiguous
    assert output.flags.writeable
    return output


def three(
    family: tuple[Kernel, Kernel, Kernel],
    body: str,
    window: Window,
    x: Any,
    weight: Any,
    dy: Any,
    *groups: int,
) -> tuple[Any, Any, Any]:
    """Return y, dx and dweight of a convolution, its input_grad and weight_grad."""
    convolution, input_grad, weight_grad = family
    rest = (*window.slide, *groups)
    return (
        run(convolution, body, x, weight, *rest),
        run(input_grad, body, dy, weight, window.size, *rest),
        run(weight_grad, body, dy, x, window.kernel, *rest),
    )


def nchw(tensor: Any) -> Any:
    return tensor.permute(0, 3, 1, 2)


def nhwc(tensor: Any) -> Any:
    return tensor.permute(0, 2, 3, 1)
