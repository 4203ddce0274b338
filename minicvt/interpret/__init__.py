"""What a model looked at, and how far such maps can be believed."""

from minicvt.interpret.faithfulness import deletion, orders, pointing
from minicvt.interpret.receptive import reach, receptive_field
from minicvt.interpret.rollout import Level, rollout
from minicvt.interpret.watching import watch

__all__ = [
    "Level",
    "deletion",
    "orders",
    "pointing",
    "reach",
    "receptive_field",
    "rollout",
    "watch",
]
