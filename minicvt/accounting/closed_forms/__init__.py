"""Closed forms: what every paper's model costs, from its configuration alone.

Nothing is built, run or counted here: these are formulas in the letters of the papers
(:mod:`~minicvt.accounting.closed_forms.layers` has them). That they equal what the
ledger counts, part by part and to the last integer, is what makes either believable.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from minicvt.accounting.closed_forms.block import Parts, block, letters
from minicvt.accounting.closed_forms.resnet import resnet
from minicvt.accounting.closed_forms.transformer import transformer
from minicvt.errors import OptionError
from minicvt.models.architecture import Architecture
from minicvt.models.config import Config
from minicvt.models.costs import Cost, Size
from minicvt.models.resnet import ResNetConfig

__all__ = ["Form", "block", "by_part", "closed_form", "letters"]


class Form(NamedTuple):
    """What one part of one stage costs."""

    stage: str
    part: str
    cost: Cost


def closed_form(config: Config, image: Size | None = None) -> list[Form]:
    """Cost of every part of every stage, for one image of this height and width.

    Raises ``ShapeError`` where a window does not fit, ``OptionError`` for what is
    neither a transformer of these parts nor a ResNet.
    """
    config = config.override(image=image or config.image)
    stages = _stages(config)
    return [
        Form(stage, part, _total(layers))
        for stage, parts in stages
        for part, layers in parts.items()
        if layers
    ]


def by_part(config: Config, image: Size | None = None) -> dict[str, Cost]:
    """Cost of every part of a whole model; its total is that of the model."""
    found: dict[str, list[Cost]] = {}
    for form in closed_form(config, image):
        found.setdefault(form.part, []).append(form.cost)
    return {part: _total(costs) for part, costs in found.items()}


def _stages(config: Config) -> Iterator[tuple[str, Parts]]:
    if isinstance(config, Architecture):
        return transformer(config, config.image)
    if isinstance(config, ResNetConfig):
        return resnet(config, config.image)
    raise OptionError(f"{config.name}: there are no closed forms of a {config.paper}")


def _total(costs: Iterable[Cost]) -> Cost:
    parameters, macs = zip(*costs, strict=True)
    return Cost(sum(parameters), sum(macs))
