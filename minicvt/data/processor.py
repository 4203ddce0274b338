"""What a preprocessor_config.json of the Hugging Face hub means."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from minicvt.data.preprocess import FILTERS, SQUASHED_FROM, Preprocess
from minicvt.errors import CheckpointError

# What the file leaves out, transformers' ConvNextImageProcessor has so.
DEFAULTS: dict[str, Any] = {
    "size": {"shortest_edge": SQUASHED_FROM},
    "crop_pct": 224 / 256,
    "resample": FILTERS.index("bicubic"),
    "image_mean": (0.5, 0.5, 0.5),
    "image_std": (0.5, 0.5, 0.5),
}
STEPS = {
    "do_resize": True,
    "do_rescale": True,
    "do_normalize": True,
    "do_center_crop": False,
    "do_pad": False,
    "rescale_factor": 1 / 255,
}
"""Its steps. Where a file switches one off or another on, we do not guess."""


def from_processor(config: Mapping[str, Any]) -> Preprocess:
    """Return the preprocessing that transformers does with this configuration.

    As ``ConvNextImageProcessor`` has it, which every published CvT asks for: below
    384 the shorter side becomes ``size / crop_pct`` and the centre is kept, from 384
    on the picture is squashed. Raises ``CheckpointError`` for other steps.
    """
    for step, usual in STEPS.items():
        if config.get(step) not in (None, usual):
            raise CheckpointError(
                f"preprocessing: {step} is {config[step]}, known is {usual}"
            )
    given: dict[str, Any] = DEFAULTS | {
        k: v for k, v in config.items() if v is not None
    }
    try:
        whole = Preprocess(
            resample=FILTERS[given["resample"]],
            crop_pct=given["crop_pct"],
            mean=_three(given["image_mean"]),
            std=_three(given["image_std"]),
            even=False,
        )
        return _sized(whole, given["size"])
    except (TypeError, ValueError, LookupError) as error:
        raise CheckpointError(f"preprocessing: {error!r}") from error


def _three(values: float | Sequence[float]) -> tuple[float, ...]:
    three = values if isinstance(values, Sequence) else (values,) * 3
    return tuple(float(value) for value in three)


def _sized(whole: Preprocess, size: Any) -> Preprocess:
    """Apply ``size``: a number, as old files have it, a shorter side, or both sides."""
    if isinstance(size, Mapping) and "height" in size:
        if size["height"] != size["width"]:
            raise ValueError(f"expected a square size, got {dict(size)}")
        return replace(whole, size=size["height"], crop_pct=None)
    return whole.at(size["shortest_edge"] if isinstance(size, Mapping) else size)
