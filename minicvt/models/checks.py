"""Values of a configuration that make no model: each error says what was expected."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import fields
from numbers import Real
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


def check_kinds(config: Any) -> None:
    """Raise ``OptionError`` unless flags are flags and numbers numbers.

    The word "false" would count as true, and go unnoticed.
    """
    for field in fields(config):
        values, kind = entries(getattr(config, field.name)), str(field.type)
        if "bool" in kind and any(value not in (True, False) for value in values):
            raise refused(config, field.name, "True or False")
        if "float" in kind and not all(isinstance(value, Real) for value in values):
            raise refused(config, field.name, "numbers")


def check_whole(config: Any, names: Collection[str], least: int = 1) -> None:
    """Raise ``OptionError`` unless these fields hold whole numbers from ``least``."""
    for name in names:
        values = entries(getattr(config, name))
        if not values or not all(is_whole(n) and n >= least for n in values):
            raise refused(config, name, f"whole numbers from {least}")


def entries(value: Any) -> tuple[Any, ...]:
    """List the values of a field, which may be one for all stages."""
    return tuple(value) if isinstance(value, list | tuple) else (value,)


def is_whole(value: Any) -> bool:
    """Whether it is a whole number; to Python a flag is one as well."""
    return isinstance(value, int) and not isinstance(value, bool)


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
    whole = isinstance(window, tuple) and all(map(is_whole, window))
    return whole and len(window) == 3 and min(window[:2]) > 0 and window[2] >= 0


def refused(config: Any, field: str, expected: str) -> OptionError:
    """Build the error for a field that is not what was ``expected``."""
    got = getattr(config, field)
    return OptionError(f"{config.name}: {field} should be {expected}, got {got!r}")
