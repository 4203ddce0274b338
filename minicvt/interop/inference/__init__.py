"""What the shapes of a bare state say about the model they belong to, and what not.

Shapes tell widths, depths, kernels, MLP ratios, classes, and how many places have a
position. They do not tell heads, strides, or whether tokens without a convolution are
pooled: those come from the caller, or from the variant of the same widths and depths,
or from what all published models have in common. What is there is believed; a class
token or bias that is not is missing, unless the caller says otherwise (``cls=False``).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from minicvt import models
from minicvt.interop.inference import cvt, relatives, resnet
from minicvt.interop.inference.shapes import Shapes, count_blocks, widths
from minicvt.interop.layout import Layout

__all__ = ["as_in", "count_blocks", "infer"]

READERS = {"cvt": cvt.READER, "resnet": resnet.READER} | relatives.READERS


def infer(
    shapes: Shapes, layout: Layout, base: Any, given: Mapping[str, Any]
) -> models.Config:
    """Work out a configuration from shapes under our names.

    ``base`` is the variant the caller named, if any, and ``given`` the fields. Raises
    ``CheckpointError`` that says what to give when shapes leave something open.
    """
    paper, reader = layout.paper, READERS[layout.paper]
    told = reader.told(shapes)
    base = base or same_size(paper, told) or reader.unpublished(shapes, told, given)
    told |= as_in(base, told)
    implied = {k: v for k, v in layout.implies.items() if getattr(base, k) != v}
    config = base.override(**(implied | told | dict(given)))
    rest = {name: tell for name, tell in reader.beside.items() if name not in given}
    return config.override(**{k: tell(shapes, config) for k, tell in rest.items()})


def same_size(paper: str, told: Mapping[str, Any]) -> models.Config | None:
    """Return the variant of these widths and depths that fits best, if there is one."""
    fitting = {
        sum(getattr(config, field) == value for field, value in told.items()): config
        for config in reversed(models.VARIANTS.values())
        if config.paper == paper
        and all(getattr(config, field) == told[field] for field in ("dims", "depths"))
    }
    return fitting[max(fitting)] if fitting else None


def as_in(base: Any, told: Mapping[str, Any]) -> dict[str, Any]:
    """Say as ``base`` does what shapes tell in another way.

    Its MLP ratios where they give the same widths, its stem's width if it is usual.
    """
    same: dict[str, Any] = {}
    if told["dims"] == base.dims and "mlp_ratios" in told:
        found = widths(told["dims"], told["mlp_ratios"])
        if found == widths(base.dims, base.mlp_ratios):
            same["mlp_ratios"] = base.mlp_ratios
    if "stem_dim" in told and getattr(base, "stem_width", None) == told["stem_dim"]:
        same["stem_dim"] = base.stem_dim
    return same
