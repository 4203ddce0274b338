"""The verdict page: in a terminal, in Markdown, as JSON."""

from __future__ import annotations

from minicvt.tables import markdown as markdown_table
from minicvt.tables import table
from minicvt.verify.check.examining import Verdict
from minicvt.verify.check.official import OFFICIAL
from minicvt.verify.check.rows import rows
from minicvt.verify.microscope.comparison import Comparison
from minicvt.verify.microscope.difference import UNKNOWN, Difference

HOW = """\
One tiny CvT with the official weights: its tensors, its logits and its gradients beside
those of the official code ({source}),
in evaluation and, if they agree, in training."""


def page(verdict: Verdict) -> str:
    """Write it for a terminal."""
    parts = [
        f"{verdict.file} beside the official CvT",
        *filter(None, [verdict.says]),
        table(("what", "found"), rows(verdict)),
        str(verdict.evaluation.comparison),
        *([f"in training: {verdict.training.comparison}"] if verdict.training else []),
        f"verdict: {sentence(verdict)}",
    ]
    return "\n\n".join(parts)


def markdown(verdict: Verdict) -> str:
    """Write it for a document."""
    last = verdict.last.comparison
    parts = [
        f"# {verdict.file} beside the official CvT",
        *filter(None, [verdict.says]),
        HOW.format(source=OFFICIAL.meta["source"].split(" lib")[0]),
        markdown_table(("what", "found"), rows(verdict)),
        "## Where they part",
        *([_bullets(d) for d in last.differences] or [f"{last}."]),
        "## Verdict",
        f"It {sentence(verdict)}.",
    ]
    return "\n\n".join(parts)


def _bullets(difference: Difference) -> str:
    lines = [*difference.lines()]
    for rank, reason in enumerate(difference.reasons):
        lines.append(f"{'or' if rank else 'cause'}: **{reason.says}**")
        lines += reason.lines()
    if not difference.reasons:
        lines.append("cause: **unknown**, no detail that we know explains it")
    return "\n".join([f"{difference.heading}:", "", *(f"- {one}" for one in lines)])


def sentence(verdict: Verdict) -> str:
    """Say the verdict in a sentence, without its full stop."""
    found, training = verdict.last.comparison, " in training" * bool(verdict.training)
    if verdict.agrees:
        modes = ", in evaluation and in training" if training else ""
        return f"agrees with the official code in {_told(verdict)}{modes}"
    if not verdict.last.agrees and found.agree:
        return "computes the same, but BatchNorm remembers other statistics"
    if found.agree:
        return "computes the same, of other tensors"
    return f"differs{training}{_why(found)}"


def _why(found: Comparison) -> str:
    said = "; ".join(f"({i}) {cause}" for i, cause in enumerate(found.causes, 1))
    said = said if found.causes[1:] else found.cause
    if found.explained:
        return f": {said}; with that in the official model too, nothing differs"
    if found.causes[-1] != UNKNOWN:
        return f": {said}, and there is more behind it"
    place = found.differences[-1].place.path or "the answer"
    known = "; ".join(cause for cause in found.causes if cause != UNKNOWN)
    before = f": {known}; and then" if known else ""
    return f"{before} at {place}, for a reason that no experiment shows"


def _told(verdict: Verdict) -> str:
    told = ["names and counts"] if verdict.fitting is not None else []
    told += ["logits"] + ["gradients"] * bool(verdict.last.gradients)
    return " and ".join(filter(None, [", ".join(told[:-1]), told[-1]]))
