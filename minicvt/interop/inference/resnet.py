"""ResNet: everything but where a bottleneck strides can be seen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from minicvt.interop.inference.shapes import (
    Fields,
    Reader,
    Shapes,
    count_blocks,
    weight_shape,
)
from minicvt.models.registry import PAPERS
from minicvt.models.resnet import STEMS


def told(shapes: Shapes) -> Fields:
    """Widths, depths, channels, classes, and which stem has such a kernel."""
    depths = count_blocks(shapes)
    names = [f"layer{i + 1}.0.conv3.weight" for i in range(max(1, len(depths)))]
    stem_dim, in_chans, kernel, _ = weight_shape(shapes, "conv1.weight")
    fields: Fields = {
        "dims": tuple(weight_shape(shapes, name)[0] for name in names),
        "depths": depths,
        "in_chans": in_chans,
        "stem_dim": stem_dim,
    }
    kernels = {stem[0]: name for name, stem in STEMS.items()}
    if kernel in kernels:
        fields["stem"] = kernels[kernel]
    if shapes.get("fc.weight"):
        fields["num_classes"] = shapes["fc.weight"][0]
    return fields


def unpublished(shapes: Shapes, fields: Fields, given: Mapping[str, Any]) -> Any:
    """Return a ResNet of other sizes."""
    return PAPERS["resnet"]("resnet").override(**fields)


READER = Reader(told, unpublished, {})
