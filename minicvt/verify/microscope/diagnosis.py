"""From experiments to causes: which detail explains most is named first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from minicvt.verify.microscope.bench import Bench
from minicvt.verify.microscope.experiments import Finding, again, findings
from minicvt.verify.microscope.hypothesis import Hypothesis
from minicvt.verify.microscope.recording import numberless, within

ROUNDING = 1e-3
"""Of the tolerance: errors under it are equally small."""


class Cause(NamedTuple):
    """A finding, the modules in which its change is kept, and what comes of it.

    ``bench`` compares our whole model, so changed, with the other.
    """

    finding: Finding
    paths: tuple[str, ...]
    bench: Bench


def diagnosed(bench: Bench, hypotheses: Sequence[Hypothesis]) -> list[Cause]:
    """Return the causes that experiments bear out, the likeliest first.

    The further the two models then agree, the likelier; then the smaller the error
    that remains; then the fewer modules are changed; then the smaller the part run.
    Once nothing is left to explain, no larger part is run. One detail that is found in
    several parts is told once.
    """
    causes: list[Cause] = []
    for found in findings(bench, hypotheses):
        causes += [spread(bench, finding) for finding in found]
        if any(cause.bench.first is None for cause in causes):
            break
    causes.sort(key=lambda cause: _rank(cause, ROUNDING * bench.tolerance))
    first: dict[str, Cause] = {}
    for cause in causes:
        first.setdefault(cause.finding.hypothesis.says, cause)
    return list(first.values())


def _rank(cause: Cause, least: float) -> tuple[float, ...]:
    found = cause.finding
    error = max(found.error, least)
    return -cause.bench.reach, found.outside, error, len(cause.paths)


def spread(bench: Bench, finding: Finding) -> Cause:
    """Make the change where it helps to agree furthest."""
    best = Cause(finding, finding.paths, bench)
    for paths in dict.fromkeys(widths(bench, finding)):
        other = again(bench, finding, paths)
        if other is not None and other.reach > best.bench.reach:
            best = Cause(finding, paths, other)
    return best


def widths(bench: Bench, finding: Finding) -> Iterator[tuple[str, ...]]:
    """Yield where the change may be made: of equally good choices, the first is taken.

    In the modules of the same name, in those beside them (both norms of every block),
    in all that are not proven, in the part that was run, and in those it was found in.
    """
    kinds = finding.hypothesis.kinds
    kin = [p for p in bench.suspects if isinstance(bench.modules[p], kinds)]
    names = {numberless(path) for path in finding.paths}
    yield tuple(path for path in kin if numberless(path) in names)
    beside = {name.rpartition(".")[0] for name in names}
    yield tuple(p for p in kin if numberless(p).rpartition(".")[0] in beside)
    yield tuple(kin)
    yield tuple(path for path in kin if within(path, finding.scope))
    yield finding.paths
