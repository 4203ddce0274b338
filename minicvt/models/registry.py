"""From a name to a model."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from minicvt.errors import OptionError, unknown
from minicvt.models import ceit, cmt, cvt, deit, pvt, resnet, t2t, vit
from minicvt.models.config import Config
from minicvt.models.wording import each

PAPERS: dict[str, type[Config]] = {
    "cvt": cvt.CvTConfig,
    "vit": vit.ViTConfig,
    "deit": deit.DeiTConfig,
    "t2t": t2t.T2TConfig,
    "pvt": pvt.PVTConfig,
    "ceit": ceit.CeiTConfig,
    "cmt": cmt.CMTConfig,
    "resnet": resnet.ResNetConfig,
}
VARIANTS: dict[str, Config] = {
    **cvt.VARIANTS,
    **vit.VARIANTS,
    **deit.VARIANTS,
    **t2t.VARIANTS,
    **pvt.VARIANTS,
    **ceit.VARIANTS,
    **cmt.VARIANTS,
    **resnet.VARIANTS,
}


def variant(name: str, **overrides: Any) -> Config:
    """Look up a variant, perhaps changed; unknown names get the nearest.

    Signs between its parts may be left out or added, and capitals too where only one
    name is meant: "cvt13", "ViT-B/16", "T2T-ViT-14"; but ViT-g/14 is not ViT-G/14.
    """
    written = _letters(str(name))
    alike = {_letters(known): known for known in VARIANTS}
    meant = [k for k in alike if k.casefold() == written.casefold()]
    found = written if written in alike else meant[0] if len(meant) == 1 else None
    if found is None:
        raise unknown("model", name, VARIANTS)
    return VARIANTS[alike[found]].override(**overrides)


def _letters(name: str) -> str:
    """Leave the signs out, and what T2T-ViT is called besides."""
    return re.sub("(?i)^t2tvit", "t2t", "".join(filter(str.isalnum, name)))


def build(name: str, *, dtype: Any = "float32", seed: Any = 0, **overrides: Any) -> Any:
    """Build a model by name; ``overrides`` change fields of its config.

    ``build("cvt-13")``, ``build("cvt-13", dialect="hf")`` (see
    :mod:`minicvt.models.dialects`), ``build("cvt-c8w", dims=(16, 32))``. The same
    seed gives the same values. Raises ``UnknownName`` for names and fields,
    ``OptionError`` for values that do not go together.
    """
    return variant(name, **overrides).build(dtype, seed)


def label(config: Config) -> str:
    """Name a configuration: its variant, and what was changed in it.

    What another change brings along is not said: a stem's smaller patches.
    """
    usual = VARIANTS.get(config.name, config).override(image=config.image)
    changed = {
        field.name: getattr(config, field.name)
        for field in fields(config)
        if getattr(config, field.name) != getattr(usual, field.name)
    }
    for name in list(changed):
        others = {k: v for k, v in changed.items() if k != name}
        if usual.override(**others) == config:
            changed = others
    words = ", ".join(f"{k}={_short(v)}" for k, v in changed.items())
    return f"{config.name} with {words}" if words else config.name


def _short(value: Any) -> str:
    return each(value) if isinstance(value, tuple) else str(value)


def from_dict(values: Mapping[str, Any]) -> Config:
    """Undo ``config.as_dict()``, perhaps after a trip through JSON.

    Raises ``UnknownName`` for another paper, ``OptionError`` for other fields.
    """
    fields = {name: _as_tuple(value) for name, value in values.items()}
    paper = fields.pop("paper", None)
    if paper not in PAPERS:
        raise unknown("paper", paper, PAPERS)
    try:
        return PAPERS[paper](**fields)
    except TypeError as error:
        raise OptionError(f"configuration of a {paper}: {error}") from None


def _as_tuple(value: Any) -> Any:
    """Turn JSON's lists, at any depth, back into tuples."""
    return tuple(map(_as_tuple, value)) if isinstance(value, list) else value
