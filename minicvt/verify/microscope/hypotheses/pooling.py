"""Average pooling of keys and values: rounding, padding, overlap."""

from __future__ import annotations

from typing import Any

from minicvt import ops
from minicvt.nn.projection import KERNEL, PADDING, AvgPool
from minicvt.verify.microscope.hypotheses.filters import as_it_is, mapping
from minicvt.verify.microscope.hypothesis import Change, suppose


def pooling(pool: Any = ops.avg_pool2d, **options: Any) -> Change:
    """Pool otherwise."""

    def of_map(part: Any, token_map: Any) -> Any:
        window = {"kernel": KERNEL, "stride": part.stride, "padding": PADDING}
        return pool(token_map, **(window | {"ceil_mode": True} | options))

    return mapping(of_map, as_it_is)


def pooling_apart(part: Any) -> None:
    """Pool windows of the stride's side, which do not overlap."""
    window = {"kernel": part.stride, "stride": part.stride, "padding": 0}
    pooling(**window, ceil_mode=False)(part)


HYPOTHESES = [
    suppose("pooling rounds sizes down", AvgPool, pooling(ceil_mode=False)),
    suppose(
        "pooling does not count padding", AvgPool, pooling(count_include_pad=False)
    ),
    suppose("pooling takes the maximum", AvgPool, pooling(ops.max_pool2d)),
    suppose("pooling windows do not overlap", AvgPool, pooling_apart),
]
