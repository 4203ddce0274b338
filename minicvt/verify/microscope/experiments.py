"""Experiments: run a part of our model with one detail changed, on the same inputs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from minicvt.errors import MinicvtError
from minicvt.verify.microscope.bench import Bench
from minicvt.verify.microscope.hypothesis import Hypothesis
from minicvt.verify.microscope.recording import (
    ANSWER,
    Recording,
    numberless,
    record,
    within,
)
from minicvt.verify.microscope.twin import twin

REFUSED = (MinicvtError, ValueError, AttributeError, TypeError, KeyError)
"""What a change may raise that cannot be made, or cannot run."""


class Finding(NamedTuple):
    """A hypothesis that makes ``scope`` do what the other model does.

    ``paths`` are the modules it was tried on, ``error`` what then remains. Where it is
    ``outside``, the result of the scope is right and what is inside still differs: the
    same function, written otherwise.
    """

    hypothesis: Hypothesis
    scope: str
    paths: tuple[str, ...]
    error: float
    outside: bool


def findings(bench: Bench, hypotheses: Sequence[Hypothesis]) -> Iterator[list[Finding]]:
    """Yield for each scope, from the smallest outwards, what explains the difference.

    In a larger scope only that is tried which was not in the smaller one.
    """
    assert bench.first is not None
    inner: str | None = None
    for scope in bench.scopes:
        inside = [path for path in bench.suspects if within(path, scope)]
        new = [
            bench.modules[path]
            for path in inside
            if path == scope
            or (bench.order[path] < bench.reach and not _covered(path, inner))
        ]
        yield [
            finding
            for hypothesis in hypotheses
            if any(isinstance(module, hypothesis.kinds) for module in new)
            for finding in tried(bench, hypothesis, scope, inside)
        ]
        inner = scope


def _covered(path: str, inner: str | None) -> bool:
    return inner is not None and within(path, inner)


def tried(
    bench: Bench, hypothesis: Hypothesis, scope: str, suspects: Sequence[str]
) -> Iterator[Finding]:
    """Run a scope with a detail changed; yield that it explains the difference, if so.

    What differs inside is held against it, unless the result of the scope was wrong
    and is right now. Dead code, whose result nobody reads, so explains nothing.
    """
    was = next((s.relative for s in bench.steps if s.path == scope), 0.0)
    upto = [step.path for step in (*bench.agreed, bench.first) if step]
    inside = [path for path in upto if within(path, scope)]
    for paths in choices(bench, hypothesis, suspects):
        part = changed(bench.modules[scope], hypothesis, paths, scope)
        made = part and attempt(part, bench.ours.calls[scope], scope)
        if not made:
            continue
        error = max(bench.error(made, path) for path in inside)
        outside = error > bench.tolerance and was > bench.tolerance
        error = bench.error(made, scope) if outside else error
        if error <= bench.tolerance:
            yield Finding(hypothesis, scope, paths, error, outside)
            return


def choices(
    bench: Bench, hypothesis: Hypothesis, paths: Sequence[str]
) -> Iterator[tuple[str, ...]]:
    """Where to change it: in all modules of its kind, or in those of one name."""
    kin = [path for path in paths if isinstance(bench.modules[path], hypothesis.kinds)]
    yield tuple(kin)
    names = {path: numberless(path) for path in kin}
    if len(set(names.values())) > 1:
        for name in dict.fromkeys(names.values()):
            yield tuple(path for path in kin if names[path] == name)


def again(bench: Bench, finding: Finding, paths: Sequence[str]) -> Bench | None:
    """Make the change in ``paths`` of the whole model, and compare again.

    What is written otherwise inside them is compared no more.
    """
    model = changed(bench.model, finding.hypothesis, paths)
    if model is None or attempt(twin(model), (bench.x,), ANSWER) is None:
        return None
    other = Bench(model, bench.x, bench.theirs, bench.tolerance)
    scopes = (finding.scope, *paths) if finding.outside else ()
    hidden = {
        step.path
        for step in other.steps
        if step.relative > bench.tolerance
        and any(within(step.path, scope) and step.path != scope for scope in scopes)
    }
    if not hidden:
        return other
    seen = {path: array for path, array in bench.theirs.items() if path not in hidden}
    return Bench(model, bench.x, seen, bench.tolerance)


def changed(
    module: Any, hypothesis: Hypothesis, paths: Sequence[str], scope: str = ANSWER
) -> Any:
    """Return a copy of the module at ``scope`` with the change made in ``paths``.

    None if it cannot be made there.
    """
    copy = twin(module)
    inside = dict(copy.named_modules(scope))
    try:
        for path in paths:
            hypothesis.change(inside[path])
    except REFUSED:
        return None
    return copy


def attempt(module: Any, inputs: tuple[Any, ...], scope: str) -> Recording | None:
    """Run a changed module; None if it cannot run so."""
    try:
        return record(module, *inputs, path=scope)
    except REFUSED:
        return None
