"""How a table of names is read, from ours to theirs and back.

A rule has our name on the left and theirs on the right; ``{i}`` stands for a stage,
``{j}`` for a block, ``{x}`` for q, k or v, ``{p}`` for whatever ends a name. Where
they keep several of ours in one tensor, ours are joined by rows; where they keep
axes of length 1, those are named.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from minicvt.errors import CheckpointError

Arrays = Mapping[str, np.ndarray]
STANDS_FOR = {"i": r"\d+", "j": r"\d+", "x": "[qkv]", "p": ".+"}


class Rule(NamedTuple):
    """Our name or names, theirs, and which axes of theirs have length 1."""

    ours: str | tuple[str, ...]
    theirs: str
    ones: tuple[int, ...] = ()

    @property
    def parts(self) -> tuple[str, ...]:
        """Our names, in the order of the rows of theirs."""
        return (self.ours,) if isinstance(self.ours, str) else self.ours


@dataclass(frozen=True)
class Layout:
    """A table of rules, and the dialect that speaks it.

    ``words`` translates what a placeholder stands for: {"x": {"q": "query"}}.
    """

    name: str
    dialect: str
    rules: tuple[Rule, ...]
    words: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    @cached_property
    def _from_ours(self) -> list[tuple[re.Pattern[str], Rule]]:
        return [
            (_pattern(part, {}), rule) for rule in self.rules for part in rule.parts
        ]

    @cached_property
    def _from_theirs(self) -> list[tuple[re.Pattern[str], Rule]]:
        return [(_pattern(rule.theirs, self.words), rule) for rule in self.rules]

    def knows(self, name: str) -> bool:
        """Whether ``name`` is one of theirs."""
        return _find(self._from_theirs, name) is not None

    def to_theirs(self, ours: Arrays) -> dict[str, np.ndarray]:
        """Rename, join and reshape our tensors (or gradients) into this layout.

        Raises ``CheckpointError`` for a tensor that it has no name for.
        """
        theirs = {}
        for name in ours:
            found = _find(self._from_ours, name)
            if found is None:
                raise CheckpointError(f"layout {self.name!r} has no name for {name}")
            rule, values = found
            names = [part.format(**values) for part in rule.parts]
            if name == names[0]:
                rows = [ours[part] for part in names]
                whole = rows[0] if len(rows) == 1 else np.concatenate(rows)
                key = rule.theirs.format(**self._translate(values))
                theirs[key] = np.expand_dims(whole, rule.ones)
        return theirs

    def to_ours(self, theirs: Arrays) -> dict[str, np.ndarray]:
        """Undo :meth:`to_theirs`; unknown names stay as they are.

        Raises ``CheckpointError`` for a shape that no tensor of ours could have.
        """
        ours = {}
        for name, array in theirs.items():
            found = _find(self._from_theirs, name)
            if found is None:
                ours[name] = array
                continue
            rule, values = found
            values = self._translate(values, back=True)
            names = [part.format(**values) for part in rule.parts]
            ours.update(zip(names, _apart(name, array, rule), strict=True))
        return ours

    def _translate(self, values: Mapping[str, str], back: bool = False) -> Any:
        """Say placeholders' values in their words, or ``back`` in ours."""
        said = dict(values)
        for placeholder, words in self.words.items():
            table = {v: k for k, v in words.items()} if back else words
            if placeholder in said:
                said[placeholder] = table[said[placeholder]]
        return said


def _apart(name: str, array: np.ndarray, rule: Rule) -> list[np.ndarray]:
    try:
        whole = np.squeeze(array, rule.ones)
        return [whole] if len(rule.parts) == 1 else np.split(whole, len(rule.parts))
    except (ValueError, IndexError) as error:
        raise CheckpointError(f"{name}: shape {array.shape}: {error}") from None


def _pattern(template: str, words: Mapping[str, Mapping[str, str]]) -> re.Pattern[str]:
    def group(match: re.Match[str]) -> str:
        said = words.get(match[1])
        meaning = "|".join(said.values()) if said else STANDS_FOR[match[1]]
        return f"(?P<{match[1]}>{meaning})"

    return re.compile(re.sub(r"\\\{(\w)\\\}", group, re.escape(template)))


def _find(rules: Any, name: str) -> tuple[Rule, dict[str, str]] | None:
    for pattern, rule in rules:
        if match := pattern.fullmatch(name):
            return rule, match.groupdict()
    return None
