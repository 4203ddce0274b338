"""ResNet's bottleneck: which convolution has the stride, and the shortcut."""

from __future__ import annotations

from typing import Any

from minicvt import ops
from minicvt.models.resnet import Bottleneck
from minicvt.verify.microscope.hypothesis import doing, suppose


def other_stride(part: Any) -> None:
    """Exchange the strides of the first two convolutions: v1 and v1.5."""
    part.conv1.window, part.conv2.window = (
        window | {"stride": other["stride"]}
        for window, other in (
            (part.conv1.window, part.conv2.window),
            (part.conv2.window, part.conv1.window),
        )
    )


def without_shortcut(part: Any, x: Any) -> Any:
    """Leave the shortcut out."""
    y = ops.relu(part.bn1(part.conv1(x)))
    y = ops.relu(part.bn2(part.conv2(y)))
    return ops.relu(part.bn3(part.conv3(y)))


HYPOTHESES = [
    suppose("the stride is in the other convolution", Bottleneck, other_stride),
    suppose("there is no shortcut", Bottleneck, doing(forward=without_shortcut)),
]
