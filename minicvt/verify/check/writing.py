"""The verdict page: in a terminal, in Markdown, as JSON."""

from __future__ import annotations

from collections.abc import Iterator

from minicvt.tables import markdown as markdown_table
from minicvt.tables import table
from minicvt.verify.check.examining import Verdict
from minicvt.verify.check.fitting import Fitting
from minicvt.verify.check.official import OFFICIAL
from minicvt.verify.microscope.difference import UNKNOWN, Difference

HOW = """\
One tiny CvT with the official weights, in evaluation: its tensors, its logits and its
gradients beside those of the official code ({source})."""
WHOSE = {
    "official": "the official names",
    "hf": "transformers' names",
    "lucidrains": "vit-pytorch's names",
}
FEW = 3
"""Names that are written out; the rest are counted."""


def page(verdict: Verdict) -> str:
    """Write it for a terminal."""
    parts = [
        f"{verdict.file} beside the official CvT",
        *filter(None, [verdict.says]),
        table(("what", "found"), rows(verdict)),
        str(verdict.comparison),
        f"verdict: {sentence(verdict)}",
    ]
    return "\n\n".join(parts)


def markdown(verdict: Verdict) -> str:
    """Write it for a document."""
    parts = [
        f"# {verdict.file} beside the official CvT",
        *filter(None, [verdict.says]),
        HOW.format(source=OFFICIAL.meta["source"].split(" lib")[0]),
        markdown_table(("what", "found"), rows(verdict)),
        "## Where they part",
        *(_bullets(d) for d in verdict.comparison.differences),
        *([] if verdict.comparison.differences else [f"{verdict.comparison}."]),
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


def rows(verdict: Verdict) -> Iterator[tuple[str, str]]:
    """What was compared, a row each."""
    if verdict.fitting is None:
        yield "names", "not told: no state(model)"
    else:
        yield from _fitted(verdict.fitting)
    yield "logits", _apart(verdict.logits.difference, verdict.logits.relative)
    yield "gradients", _gradients(verdict)


def _gradients(verdict: Verdict) -> str:
    total, wrong = len(verdict.gradients), len(verdict.wrong)
    if not total:
        return "not told: no gradients(model, images, cotangent)"
    there = len(OFFICIAL.gradients) + 1
    rest = f"; {there - total} of {there} are not told" if total < there else ""
    worst = max(step.relative for step in verdict.wrong or verdict.gradients)
    if wrong:
        return f"{wrong} of {total} differ, by up to {worst:.2g}{rest}"
    return f"all {total} as the official ones, to {worst:.1g}{rest}"


def _fitted(fit: Fitting) -> Iterator[tuple[str, str]]:
    whose = WHOSE.get(fit.layout, "names of no layout that we know")
    kinds = ("missing", "unexpected", "misshapen") if fit.layout else ()
    wrong = {kind: listed(names) for kind in kinds if (names := getattr(fit, kind))}
    fits = ", as many as there" if fit.layout and not wrong else ""
    yield "names", f"{fit.tensors} tensors by {whose}{fits}"
    yield from wrong.items()
    there = OFFICIAL.meta["n_params"]
    same = "as there" if fit.parameters == there else f"there {there:,}"
    yield "parameters", f"{fit.parameters:,}, {same}"


def listed(names: tuple[str, ...]) -> str:
    """Count names, and write out the first."""
    rest = f" and {len(names) - FEW} more" if len(names) > FEW else ""
    return f"{len(names)}: {', '.join(names[:FEW])}{rest}"


def _apart(difference: float, relative: float) -> str:
    if difference == float("inf"):
        return "not finite"
    if difference == 0:
        return "equal"
    return f"{difference:.2g} apart, {relative:.2g} of the largest"


def sentence(verdict: Verdict) -> str:
    """Say the verdict in a sentence, without its full stop."""
    comparison = verdict.comparison
    if verdict.agrees:
        return f"agrees with the official code in {_told(verdict)}"
    if comparison.agree:
        return "computes the same, of other tensors"
    said = "; ".join(f"({i}) {cause}" for i, cause in enumerate(comparison.causes, 1))
    said = said if comparison.causes[1:] else comparison.cause
    if comparison.explained:
        return f"differs: {said}; with that in the official model too, nothing differs"
    if comparison.causes[-1] != UNKNOWN:
        return f"differs: {said}, and there is more behind it"
    place = comparison.differences[-1].place.path or "the answer"
    known = "; ".join(cause for cause in comparison.causes if cause != UNKNOWN)
    before = f": {known}; and then" if known else ""
    return f"differs{before} at {place}, for a reason that no experiment shows"


def _told(verdict: Verdict) -> str:
    told = ["names and counts"] if verdict.fitting is not None else []
    told += ["logits"] + ["gradients"] * bool(verdict.gradients)
    return " and ".join(filter(None, [", ".join(told[:-1]), told[-1]]))
