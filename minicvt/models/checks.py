"""Values of a configuration that make no model: each error says what was expected."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from minicvt.errors import OptionError, unknown
from minicvt.nn import positions, projection, resampling
from minicvt.nn.feed_forward import ACTIVATIONS
from minicvt.nn.feed_forward import METHODS as FEED_FORWARDS
from minicvt.nn.stems import STEMS

NAMES: dict[str, Collection[str]] = {
    "stem": STEMS,
    "projection": projection.METHODS,
    "ffn": FEED_FORWARDS,
    "activation": ACTIVATIONS,
    "position_kind": positions.KINDS,
    "resampling": ("none", *resampling.METHODS),
}
"""Fields of an architecture that are names, and what they may be."""


def check_whole(config: Any, fields: Collection[str], least: int = 1) -> None:
    """Raise ``OptionError`` unless these fields hold whole numbers from ``least``."""
    for field in fields:
        value = getattr(config, field)
        values = value if isinstance(value, list | tuple) else (value,)
        if not values or not all(isinstance(n, int) and n >= least for n in values):
            raise refused(config, field, f"whole numbers from {least}")


def check_names(config: Any, known: Mapping[str, Collection[str]]) -> None:
    """Raise ``UnknownName`` unless these fields have one of their ``known`` values."""
    for field, names in known.items():
        value = getattr(config, field)
        for name in value if isinstance(value, tuple) else (value,):
            if name not in names:
                raise unknown(field, name, names)


def check_stages(config: Any) -> None:
    """Raise ``OptionError`` for stages of an architecture that cannot be built."""
    for dim, heads in zip(config.dims, config.heads, strict=True):
        if dim % heads:
            raise OptionError(f"{config.name}: {heads} heads do not divide dim {dim}")
    for dim, ratio in zip(config.dims, config.mlp_ratios, strict=True):
        if not dim * ratio >= 1:
            raise refused(config, "mlp_ratios", f"at least one channel of {dim}")
    if not all(map(_is_window, config.embed)):
        raise refused(config, "embed", "(kernel, stride, padding) from (1, 1, 0)")
    for field in ("norm_eps", "embed_eps"):
        if not getattr(config, field) > 0:
            raise refused(config, field, "positive")


def _is_window(window: Any) -> bool:
    whole = isinstance(window, tuple) and all(isinstance(n, int) for n in window)
    return whole and len(window) == 3 and min(window[:2]) > 0 and window[2] >= 0


def refused(config: Any, field: str, expected: str) -> OptionError:
    """Build the error for a field that is not what was ``expected``."""
    got = getattr(config, field)
    return OptionError(f"{config.name}: {field} should be {expected}, got {got!r}")
