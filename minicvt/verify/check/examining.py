"""Build somebody's CvT, load the official weights, run it, compare: the verdict."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from minicvt.errors import ForeignCodeError
from minicvt.verify.check.contract import Mine
from minicvt.verify.check.fitting import Fitting, fitting
from minicvt.verify.check.official import OFFICIAL, TRAINING, Official
from minicvt.verify.check.runner import Runner, nhwc_array
from minicvt.verify.check.runners import runner_of
from minicvt.verify.microscope.backward import LOOSER
from minicvt.verify.microscope.comparing import compare
from minicvt.verify.microscope.comparison import Comparison
from minicvt.verify.microscope.gradients import IMAGES
from minicvt.verify.microscope.parting import Step, apart, compared, tolerance_of
from minicvt.verify.microscope.recording import ANSWER, Recording


@dataclass(frozen=True)
class Seen:
    """What was found in one mode, against the official code's own numbers.

    ``gradients`` are all that were told, the images' among them, ``statistics`` what
    BatchNorm remembers afterwards. ``comparison`` is with our model, which has the
    official weights and meets the official numbers: it says where and why.
    """

    logits: Step
    gradients: tuple[Step, ...]
    comparison: Comparison
    tolerance: float
    statistics: tuple[Step, ...] = ()

    def wrong(self, steps: tuple[Step, ...]) -> tuple[Step, ...]:
        """Return those, of gradients or statistics, that are not the official ones."""
        return tuple(s for s in steps if s.relative > LOOSER * self.tolerance)

    @property
    def agrees(self) -> bool:
        """Whether all of it is as the official code has it."""
        return self.comparison.agree and not self.wrong(self.statistics)


@dataclass(frozen=True)
class Verdict:
    """What was found: of the tensors, in evaluation, in training.

    ``fitting`` is None where nobody tells the tensors' names; ``training`` where
    evaluation differs already, or nobody tells how to train.
    """

    file: str
    says: str
    fitting: Fitting | None
    evaluation: Seen
    training: Seen | None

    @property
    def last(self) -> Seen:
        """The mode that decides: what was looked at last."""
        return self.training or self.evaluation

    @property
    def agrees(self) -> bool:
        """Whether all that was told is as the official code has it."""
        return self.last.agrees and (self.fitting is None or self.fitting.fits)


def examined(path: Path) -> Verdict:
    """Check a file; raises ``ForeignCodeError`` for what it does not do."""
    mine = Mine(path)
    runner = runner_of(mine)
    runner.load()
    state = runner.state()
    fits = None if state is None else fitting(state)
    evaluation, training = seen(runner, OFFICIAL), None
    if evaluation.agrees and runner.train():
        training = seen(runner, TRAINING)
    return Verdict(path.name, mine.says, fits, evaluation, training)


def seen(runner: Runner, official: Official) -> Seen:
    """Run it in one mode, and compare."""
    made = runner.record(official)
    logits, expected = made.points[ANSWER], official.logits
    if logits.shape != expected.shape:
        raise ForeignCodeError(
            f"{runner.mine.path.name}: expected logits {expected.shape}, got "
            f"{logits.shape}"
        )
    limit = tolerance_of(made.points.values())
    found = compare(official.model(), made, official.channels_last, tolerance=limit)
    remembered = official.statistics
    kept = compared(remembered, runner.statistics(official)) if remembered else ()
    step = Step(ANSWER, *apart(logits, expected))
    return Seen(step, tuple(gradients(made, official)), found, limit, tuple(kept))


def gradients(made: Recording, official: Official) -> Iterator[Step]:
    """Compare gradients with the official ones."""
    images = nhwc_array(official.images_gradient)
    return compared(official.gradients | {IMAGES: images}, made.gradients)
