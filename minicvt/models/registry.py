"""From a name to a model."""

from __future__ import annotations

from typing import Any

from minicvt.errors import unknown
from minicvt.models import cvt
from minicvt.models.config import Config

VARIANTS: dict[str, Config] = {**cvt.VARIANTS}


def config(name: str, **overrides: Any) -> Config:
    """Look up a variant, perhaps changed; unknown names get the nearest."""
    if name not in VARIANTS:
        raise unknown("model", name, VARIANTS)
    return VARIANTS[name].override(**overrides)


def build(
    name: str, *, dtype: Any = "float32", seed: Any = 0, **overrides: Any
) -> Any:
    """Build a model by name; ``overrides`` change fields of its config.

    ``build("cvt-13")``, ``build("cvt-c8w", dims=(16, 32), heads=(1, 2))``. The same
    seed gives the same values. Raises ``UnknownName`` for names and fields,
    ``OptionError`` for values that do not go together.
    """
    return config(name, **overrides).build(dtype, seed)
