"""Which of the words are true of a model: by its parts, since those may be mixed.

``model`` is a record of :mod:`.record`, ``config`` the model's configuration.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from minicvt.interpret.explain import words
from minicvt.interpret.explain.tiles import Data

FLAT = 4  # colours end at so many times an even weight, or further up
BEFORE_QUERIES = ("dw_bn", "dense")


def keys_of(model: Data) -> str:
    """How the keys came about, a name in ``words.KEYS``."""
    blocks = [block for stage in model["stages"] for block in stage["blocks"]]
    windows = [block["window"] for block in blocks if block["window"]]
    if not windows:
        return "tokens"
    if all(kernel == stride for kernel, stride, _ in windows):
        return "reduced"
    fewer = any(_places(block["keys"]) < _places(block["queries"]) for block in blocks)
    return "strided" if fewer else "filtered"


def _places(grid: Data) -> int:
    return int(grid["height"] * grid["width"])


def lead(model: Data) -> str:
    """Say who asks and who answers."""
    return words.LEAD.format(answering=words.ANSWERING[keys_of(model)])


def read(model: Data) -> str:
    """Name what the head reads of the last tokens."""
    if model["layers"]:
        return "the class tokens of all blocks"
    names = [f"the {name}" for name in model["read"]]
    return " and ".join(names) or "the mean of all tokens"


def way(model: Data, config: Any) -> str:
    """Say how rollout goes down, and what it does not follow."""
    below = words.BETWEEN if len(model["stages"]) > 1 else words.BELOW
    mixers = ", ".join(words.MIXERS[name] for name in _mixers(config))
    return words.WAY.format(
        read=read(model),
        half=words.HALF * (len(model["read"]) > 1),
        keys=words.KEYS_READ * (keys_of(model) != "tokens"),
        below=below.format(stem=words.STEM * (config.stem != "none")),
        besides=words.BESIDES.format(what=mixers) * bool(mixers),
    )


def _mixers(config: Any) -> Iterator[str]:
    if any(name in BEFORE_QUERIES for name in config.projection):
        yield "query"
    if any(config.local):
        yield "local"
    if any(name != "mlp" for name in config.ffn):
        yield "ffn"
    if config.stem in words.MIXERS:
        yield config.stem


def other(model: Data) -> str:
    """Name the maps beside rollout."""
    stage = words.LAST_STAGE * (len(model["stages"]) > 1)
    return words.OTHER.format(stage=stage)


def reading(model: Data, config: Any) -> str:
    """Say what is drawn over the picture."""
    overlap = any(kernel > stride for kernel, stride, _ in config.embed)
    convolves = overlap or config.stem != "none" or any(config.local)
    before = words.CONVOLUTIONS if convolves else words.ATTENTION
    keys = words.KEYS[keys_of(model)]
    return words.READING.format(flat=FLAT, keys=keys, before=before)


def maps_above(model: Data) -> str:
    """Name the maps of attention on the page as the study of them does."""
    return words.MAPS_ABOVE if len(model["stages"]) > 1 else words.MAPS_OF_ONE_STAGE
