"""Whether a state fits a model, said in one message."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any

from minicvt.errors import CheckpointError


def check_state(
    expected: Mapping[str, tuple[int, ...]], state: Mapping[str, Any], strict: bool
) -> None:
    """Raise ``CheckpointError`` with what is missing, unexpected or mis-shaped."""
    missing = [name for name in expected if name not in state]
    extra = [name for name in state if name not in expected]
    misshaped = [
        f"{name}: expected {expected[name]}, got {tuple(state[name].shape)}"
        for name in expected
        if name in state and tuple(state[name].shape) != tuple(expected[name])
    ]
    problems = _listed("mis-shaped", misshaped)
    if strict:
        problems += _listed("missing", missing)
        problems += _listed("unexpected", [_beside(n, missing) for n in extra])
    if problems:
        raise CheckpointError("state does not fit the model: " + "; ".join(problems))


def _listed(kind: str, names: list[str], most: int = 5) -> list[str]:
    if not names:
        return []
    rest = f" and {len(names) - most} more" if len(names) > most else ""
    return [f"{len(names)} {kind} ({', '.join(names[:most])}{rest})"]


def _beside(name: str, candidates: list[str]) -> str:
    near = get_close_matches(name, candidates, n=1, cutoff=0.8)
    return f"{name}, near {near[0]}" if near else name
