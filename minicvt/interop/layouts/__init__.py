"""Names of tensors in other people's files: one module a paper, one table a layout.

In memory the names are one scheme for every paper, CvT's official one. The layout
"official" is what each paper's own code publishes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from minicvt.errors import CheckpointError, unknown
from minicvt.interop.layout import Layout
from minicvt.interop.layouts import ceit, cmt, cvt, deit, pvt, resnet, t2t, vit

LAYOUTS: dict[str, dict[str, Layout]] = {
    module.LAYOUTS[0].paper: {layout.name: layout for layout in module.LAYOUTS}
    for module in (cvt, vit, deit, pvt, t2t, ceit, cmt, resnet)
}
"""Layouts by paper and name; of those that know the same names the first holds."""

BODIES = {
    "embeddings.distillation_token": "deit.",
    "embeddings.cls_token": "vit.",
    "encoder.patch_embeddings.": "pvt.",
    "embedder.embedder.": "resnet.",
    "encoder.stages.": "cvt.",
}
"""A start by which to know a model of transformers without its head, and what its
names would begin with if it had one."""


def layout_named(paper: str, name: str) -> Layout:
    """Look up a layout of a paper; unknown names raise ``UnknownName``."""
    if name not in LAYOUTS[paper]:
        raise unknown(f"layout of {paper}", name, LAYOUTS[paper])
    return LAYOUTS[paper][name]


def heads_of(config: Any) -> int:
    """Heads of the first stage, for layouts that split them; 0 for a ResNet."""
    return int(getattr(config, "heads", (0,))[0])


def recognise(names: Iterable[str], paper: str | None = None) -> Layout:
    """Return the layout, perhaps of one ``paper``, that knows most of ``names``.

    Raises ``CheckpointError`` when no layout knows any.
    """
    names = list(names)
    papers = [paper] if paper else list(LAYOUTS)
    tables = [layout for paper in papers for layout in LAYOUTS[paper].values()]
    best = max(tables, key=lambda layout: sum(map(layout.knows, names)))
    if not any(map(best.knows, names)):
        found = ", ".join(names[:3]) or "nothing"
        known = "; ".join(f"{p}: {', '.join(LAYOUTS[p])}" for p in papers)
        raise CheckpointError(
            f"none of {len(names)} tensors has a name of any layout ({known}); "
            f"found {found}"
        )
    return best


def unwrap(theirs: Mapping[str, Any]) -> dict[str, Any]:
    """Names without what DataParallel puts before them, and as of a whole model."""
    plain = dict(theirs)
    if all(name.startswith("module.") for name in plain):
        plain = {name.removeprefix("module."): v for name, v in plain.items()}
    for start, prefix in BODIES.items():
        if any(name.startswith(start) for name in plain):
            return {prefix + name: value for name, value in plain.items()}
    return plain
