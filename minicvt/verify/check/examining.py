"""Build somebody's CvT, load the official weights, run it, compare: the verdict."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from minicvt.errors import ForeignCodeError
from minicvt.kernels.types import Array
from minicvt.verify.check.contract import Mine
from minicvt.verify.check.fitting import Fitting, fitting
from minicvt.verify.check.official import OFFICIAL
from minicvt.verify.check.runner import nhwc_array
from minicvt.verify.check.runners import runner_of
from minicvt.verify.microscope.backward import LOOSER
from minicvt.verify.microscope.comparing import compare
from minicvt.verify.microscope.comparison import Comparison
from minicvt.verify.microscope.gradients import IMAGES
from minicvt.verify.microscope.parting import Step, apart, compared, tolerance_of
from minicvt.verify.microscope.recording import ANSWER, Recording


@dataclass(frozen=True)
class Verdict:
    """What was found, against the official code's own numbers.

    ``fitting`` is None where nobody tells the tensors' names; ``gradients`` are all
    that were told, the images' among them. ``comparison`` is with our model, which has
    the official weights and meets the official numbers: it says where and why.
    """

    file: str
    says: str
    fitting: Fitting | None
    logits: Step
    gradients: tuple[Step, ...]
    comparison: Comparison
    tolerance: float

    @property
    def wrong(self) -> tuple[Step, ...]:
        """Gradients that are not the official ones."""
        limit = LOOSER * self.tolerance
        return tuple(step for step in self.gradients if step.relative > limit)

    @property
    def agrees(self) -> bool:
        """Whether all that was told is as the official code has it."""
        return self.comparison.agree and (self.fitting is None or self.fitting.fits)


def examined(path: Path) -> Verdict:
    """Check a file; raises ``ForeignCodeError`` for what it does not do."""
    mine = Mine(path)
    runner = runner_of(mine)
    runner.load()
    state = runner.state()
    fits = None if state is None else fitting(state)
    made = runner.record()
    logits = made.points[ANSWER]
    if logits.shape != OFFICIAL.logits.shape:
        raise ForeignCodeError(
            f"{path.name}: expected logits {OFFICIAL.logits.shape}, got {logits.shape}"
        )
    tolerance = tolerance_of(made.points.values())
    found = compare(OFFICIAL.model(), made, OFFICIAL.channels_last, tolerance=tolerance)
    return Verdict(
        path.name,
        mine.says,
        fits,
        Step(ANSWER, *apart(logits, OFFICIAL.logits)),
        tuple(gradients(made)),
        found,
        tolerance,
    )


def gradients(made: Recording) -> Iterator[Step]:
    """Compare gradients with the official ones."""
    official: dict[str, Array] = OFFICIAL.gradients
    official[IMAGES] = nhwc_array(OFFICIAL.images_gradient)
    return compared(official, made.gradients)
