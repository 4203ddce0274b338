"""Drop path: at which rates, and whether the residual goes too."""

from __future__ import annotations

from typing import Any

from minicvt.models.stage import Stage
from minicvt.nn import Block
from minicvt.nn.dropping import DropPath, drop_path_rates
from minicvt.verify.microscope.hypothesis import Change, suppose


def dropping(rule: str) -> Change:
    """Give the paths of a stage's blocks the rates of another rule."""

    def change(stage: Any) -> None:
        c, i = stage.config, int(stage._name.removeprefix("stage"))
        rates = drop_path_rates(rule, c.drop_path[i], c.depths, i)
        for block, rate in zip(stage.blocks, rates, strict=True):
            block.drop_path.p = rate

    return change


def drop_sum(block: Any) -> None:
    """Drop branch and residual together."""
    block.drop_sum = True


HYPOTHESES = [
    suppose("drop path takes branch and residual together", Block, drop_sum),
    suppose("nothing is dropped", DropPath, lambda drop: setattr(drop, "p", 0.0)),
    *(
        suppose(f"drop path's rates follow the rule {rule!r}", Stage, dropping(rule))
        for rule in ("linear", "across", "stage_index")
    ),
]
