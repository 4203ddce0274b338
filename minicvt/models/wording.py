"""How what stages have is said: once where they agree, stage by stage where not."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from typing import Any


def window(sizes: tuple[int, int, int]) -> str:
    """Say a kernel, stride and padding: patches where they neither overlap nor pad."""
    kernel, stride, padding = sizes
    if kernel == stride and not padding:
        return f"{kernel}x{kernel} patches"
    return f"{kernel}x{kernel} convolution, stride {stride}, padding {padding}"


def each(values: Iterable[Any]) -> str:
    """List the values of the stages, once where they are all the same."""
    words = [f"{value}" for value in values]
    return ", ".join(words[:1] if len(set(words)) == 1 else words)


def stages(words: Iterable[str]) -> str:
    """Say what is in which stage, a line each; stages count from 1."""
    numbered = enumerate(words, start=1)
    runs = [
        (text, [i for i, _ in run]) for text, run in groupby(numbered, lambda x: x[1])
    ]
    if len(runs) == 1:
        return runs[0][0]
    return "\n".join(f"{_span(which)}: {text}" for text, which in runs)


def _span(which: list[int]) -> str:
    first, last = which[0], which[-1]
    return f"stage {first}" if first == last else f"stages {first}-{last}"


def places(here: Iterable[bool]) -> str:
    """Say in which stages something is; nothing where it is nowhere."""
    stages_here = list(here)
    found = [f"{i}" for i, there in enumerate(stages_here, start=1) if there]
    if len(stages_here) == 1:
        return "at the input" if found else ""
    if len(found) == len(stages_here):
        return "in every stage"
    return f"in stage{'s' * (len(found) > 1)} {', '.join(found)}" if found else ""
